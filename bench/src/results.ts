// The figures: one sample for each window, and the medians of the repetitions that tables show.
import type { LoadResult } from "./load/messages.js";
import { medianOf } from "./load/percentiles.js";
import type { Percentiles } from "./load/percentiles.js";

/** One measured window. */
export interface Sample extends LoadResult {
  /** Name of the system, as on the command line. */
  readonly system: string;
  readonly workload: string;
  readonly clients: number;
  /** From 1. */
  readonly repetition: number;
  /** Syncs of each file by the server while the order was carried out; only in traced runs. */
  readonly syncs?: Readonly<Record<string, number>>;
}

/** All repetitions of one cell of the table; every figure is the median of its own values. */
export interface Summary {
  readonly system: string;
  readonly workload: string;
  readonly clients: number;
  /** Iterations per second. */
  readonly rate: number;
  /** The rate of each repetition, in order. */
  readonly rates: readonly number[];
  readonly latencyMs: Percentiles;
  /** CPU for one iteration, in microseconds. */
  readonly cpuUs: { readonly server: number; readonly services: number; readonly load: number };
  readonly rssMb: { readonly server: number; readonly services: number };
  readonly idleShare: number;
  readonly otherShare: number;
  /** Sums over the repetitions. */
  readonly errors: number;
  readonly wrong: number;
  readonly unfinished: number;
}

export function rateOf(result: LoadResult): number {
  return result.completed / (result.windowMs / 1000);
}

/** One summary for each workload, number of clients and system, in the order of their first samples. */
export function summarize(samples: readonly Sample[]): readonly Summary[] {
  const cells = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = `${sample.workload} ${sample.clients} ${sample.system}`;
    const cell = cells.get(key);
    if (cell) cell.push(sample);
    else cells.set(key, [sample]);
  }
  return [...cells.values()].map(summaryOf);
}

function summaryOf(cell: readonly Sample[]): Summary {
  const first = cell[0]!;
  const median = (figure: (sample: Sample) => number): number => medianOf(cell.map(figure));
  const sum = (figure: (sample: Sample) => number): number =>
    cell.reduce((total, sample) => total + figure(sample), 0);
  const cpuUs = (part: keyof LoadResult["cpuMs"]): number =>
    median((sample) => (sample.cpuMs[part] * 1000) / sample.completed);

  return {
    system: first.system,
    workload: first.workload,
    clients: first.clients,
    rate: median(rateOf),
    rates: cell.map(rateOf),
    latencyMs: {
      p50: median((sample) => sample.latencyMs.p50),
      p90: median((sample) => sample.latencyMs.p90),
      p99: median((sample) => sample.latencyMs.p99),
      p999: median((sample) => sample.latencyMs.p999),
      max: median((sample) => sample.latencyMs.max),
    },
    cpuUs: { server: cpuUs("server"), services: cpuUs("services"), load: cpuUs("load") },
    rssMb: {
      server: median((sample) => sample.rssMb.server),
      services: median((sample) => sample.rssMb.services),
    },
    idleShare: median((sample) => sample.idleShare),
    otherShare: median((sample) => sample.otherShare),
    errors: sum((sample) => sample.errors),
    wrong: sum((sample) => sample.wrong),
    unfinished: sum((sample) => sample.unfinished),
  };
}
