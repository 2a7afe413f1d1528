// What a soak looks at every now and then, and what it makes of it: is anything growing? Reads /proc, so Linux only.

import { lstatSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

/** What is looked at, with its unit. */
export const measures = {
  serverMb: "server RSS, MB",
  servicesMb: "services RSS, MB",
  serverFiles: "server fds",
  servicesFiles: "services fds",
  diskMb: "data directory, MB",
  p50Ms: "p50, ms",
  p99Ms: "p99, ms",
} as const;
export type Measure = keyof typeof measures;

export interface Sample extends Readonly<Record<Measure, number>> {
  /** Share of the soak that is over, from 0 to 1. */
  readonly at: number;
  readonly minutes: number;
  readonly operations: number;
  readonly kills: number;
}

export interface Verdict {
  readonly measure: Measure;
  /** Medians of the two periods. */
  readonly before: number;
  readonly after: number;
  readonly isFlat: boolean;
}

type Period = readonly [from: number, to: number];

/** By how much the later median may be above the earlier one: by a share of it, or by so much, if that is more. */
interface Slack {
  readonly periods: readonly [before: Period, after: Period];
  readonly share: number;
  readonly least: number;
}

const quarters = [
  [0.25, 0.5],
  [0.75, 1],
] as const satisfies Slack["periods"];

/**
 * Memory is looked at where its process lives on, and has warmed up: the server is not killed in the second half, the
 * services are not in the last quarter (`victimAt`).
 */
const slacks: Readonly<Record<Measure, Slack>> = {
  serverMb: {
    periods: [
      [0.6, 0.75],
      [0.85, 1],
    ],
    share: 0.1,
    least: 15,
  },
  servicesMb: {
    periods: [
      [0.82, 0.88],
      [0.94, 1],
    ],
    share: 0.1,
    least: 15,
  },
  serverFiles: { periods: quarters, share: 0.1, least: 20 },
  servicesFiles: { periods: quarters, share: 0.1, least: 20 },
  diskMb: { periods: quarters, share: 0.1, least: 32 },
  p50Ms: { periods: quarters, share: 0.5, least: 5 },
  p99Ms: { periods: quarters, share: 1, least: 30 },
};

/** Who is killed at this share of the soak. */
export function victimAt(at: number, kill: number): "server" | "services" | "both" | undefined {
  if (at < 0.5) return (["server", "services", "both"] as const)[kill % 3];
  return at < 0.75 ? "services" : undefined;
}

export function verdictsOf(samples: readonly Sample[]): Verdict[] {
  return (Object.keys(measures) as Measure[]).map((measure) => {
    const { periods, share, least } = slacks[measure];
    const [before = NaN, after = NaN] = periods.map(([from, to]) =>
      medianOf(samples.filter(({ at }) => at > from && at <= to).map((one) => one[measure])),
    );
    return { measure, before, after, isFlat: after <= before + Math.max(before * share, least) };
  });
}

export function tableOf(samples: readonly Sample[]): string {
  const names = Object.keys(measures) as Measure[];
  const head = ["minutes", "operations", "kills", ...names.map((name) => measures[name])];
  const rows = samples.map((sample) => [
    sample.minutes.toFixed(1),
    String(sample.operations),
    String(sample.kills),
    ...names.map((name) => figure(sample[name])),
  ]);
  return [head, head.map(() => "---:"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

export function verdictTableOf(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ measure, before, after, isFlat }) => [
    measures[measure],
    figure(before),
    figure(after),
    isFlat ? "flat" : "GROWS",
  ]);
  return [["", "before", "after", ""], ["---", "---:", "---:", "---"], ...rows]
    .map((row) => `| ${row.join(" | ")} |`)
    .join("\n");
}

/** NaN where there is none that is a number. */
export function medianOf(values: readonly number[]): number {
  return quantileOf(values, 0.5);
}

/** By nearest rank. */
export function quantileOf(values: readonly number[], quantile: number): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * quantile) - 1)] ?? NaN;
}

/** Resident memory in MB; NaN where the process is gone. */
export function residentMbOf(pid: number): number {
  try {
    const kib = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
    return kib === null ? NaN : (Number(kib[1]) * 1024) / 1e6;
  } catch {
    return NaN;
  }
}

/** In all its threads, of the user and of the system, since it began; in clock ticks of 10 ms, as Linux counts them. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  // Behind the name, which may have spaces, in parentheses.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export function openFilesOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return NaN;
  }
}

/** What a directory takes on the disk. */
export function diskMbOf(directory: string): number {
  let bytes = 0;
  for (const name of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    // A file may be renamed or removed meanwhile.
    const stat = lstatSync(path.join(directory, name), { throwIfNoEntry: false });
    if (stat?.isFile() === true) bytes += stat.blocks * 512;
  }
  return bytes / 1e6;
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
