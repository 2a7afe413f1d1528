// The report: Markdown for a README, from figures that are already there.
import type { Environment } from "./environment.js";
import type { BenchOptions } from "./options.js";
import type { Sample, Summary } from "./results.js";
import { summarize } from "./results.js";
import type { Measurements } from "./run.js";
import type { SleepersResult } from "./sleepers.js";
import { systemOf } from "./systems/index.js";

/** The whole report of a run. */
export function reportOf(
  measurements: Measurements,
  options: BenchOptions,
  environment: Environment,
): string {
  const summaries = summarize(measurements.samples);
  const [own, ...peers] = options.systems;
  return [
    headerOf(environment, options),
    ...(summaries.length > 0 ? [figuresTable(summaries)] : []),
    ...(summaries.length > 0 ? peers.map((peer) => ratioTable(summaries, own!, peer)) : []),
    ...(measurements.sleepers.length > 0 ? [sleepersTable(measurements.sleepers)] : []),
    ...syncTables(measurements.samples),
  ].join("\n\n");
}

/** One row for each cell and system. */
export function figuresTable(summaries: readonly Summary[]): string {
  const columns = [
    "workload",
    "clients",
    "system",
    "per second",
    "(repetitions)",
    "p50 ms",
    "p90 ms",
    "p99 ms",
    "max ms",
    "CPU server µs",
    "CPU services µs",
    "CPU load µs",
    "RSS server MB",
    "RSS services MB",
    "idle %",
    "other %",
    "errors",
    "wrong",
  ];
  const rows = summaries.map((summary) => [
    summary.workload,
    String(summary.clients),
    systemOf(summary.system).title,
    figure(summary.rate),
    summary.rates.map(figure).join(" / "),
    figure(summary.latencyMs.p50),
    figure(summary.latencyMs.p90),
    figure(summary.latencyMs.p99),
    figure(summary.latencyMs.max),
    figure(summary.cpuUs.server),
    figure(summary.cpuUs.services),
    figure(summary.cpuUs.load),
    figure(summary.rssMb.server),
    figure(summary.rssMb.services),
    figure(summary.idleShare * 100),
    figure(summary.otherShare * 100),
    String(summary.errors + summary.unfinished),
    String(summary.wrong),
  ]);
  return table(columns, rows);
}

/** How many times better `own` is than `peer`, cell by cell: above 1 is better for each figure. */
export function ratioTable(summaries: readonly Summary[], own: string, peer: string): string {
  const rows = summaries
    .filter((summary) => summary.system === own)
    .flatMap((mine) => {
      const theirs = summaries.find(
        (other) =>
          other.system === peer &&
          other.workload === mine.workload &&
          other.clients === mine.clients,
      );
      if (!theirs) return [];
      const cpu = (summary: Summary): number => summary.cpuUs.server + summary.cpuUs.services;
      return [
        [
          mine.workload,
          String(mine.clients),
          times(mine.rate / theirs.rate),
          times(theirs.latencyMs.p50 / mine.latencyMs.p50),
          times(theirs.latencyMs.p99 / mine.latencyMs.p99),
          times(cpu(theirs) / cpu(mine)),
          times(theirs.rssMb.server / mine.rssMb.server),
        ],
      ];
    });
  const title = `${systemOf(own).title} against ${systemOf(peer).title}, times better:`;
  const columns = ["workload", "clients", "throughput", "p50", "p99", "CPU", "RSS server"];
  return `${title}\n\n${table(columns, rows)}`;
}

/** One column for each system. */
export function sleepersTable(results: readonly SleepersResult[]): string {
  const both = (pair: { readonly server: number; readonly services: number }): string =>
    `${figure(pair.server)} + ${figure(pair.services)}`;
  const served = (ms: number | null): string => (ms === null ? "not served" : figure(ms));
  const lines: readonly (readonly [string, (result: SleepersResult) => string])[] = [
    ["submitted", (result) => String(result.submitted)],
    ["submissions per second", (result) => figure(result.submitRate)],
    [
      "submission p50 / p99 ms",
      (result) => `${figure(result.submitP50Ms)} / ${figure(result.submitP99Ms)}`,
    ],
    ["CPU per submission µs, server + services", (result) => both(result.submitCpuUs)],
    ["RSS MB before, server + services", (result) => both(result.rssBeforeMb)],
    ["RSS MB after, server + services", (result) => both(result.rssAfterMb)],
    ["… without pages of files", (result) => both(result.ownAfterMb)],
    ["disk MB", (result) => figure(result.diskMb)],
    ["plain call p50 ms before, 1 client", (result) => figure(result.plainBeforeP50Ms)],
    ["first plain call after ms", (result) => served(result.firstPlainMs)],
    ["plain call p50 ms after, 1 client", (result) => served(result.plainAfterP50Ms)],
    ["2 s sleeps, 50 at a time: answered late by p50 ms", (result) => served(result.napLateP50Ms)],
    ["… p99 ms", (result) => served(result.napLateP99Ms)],
    ["… max ms", (result) => served(result.napLateMaxMs)],
    [
      "kill -9, start: first plain call ms after start",
      (result) => served(result.restartFirstPlainMs),
    ],
    [
      "… 20 sleepers due meanwhile have ended, ms after start",
      (result) => served(result.restartOverdueEndedMs),
    ],
    ["RSS MB then, server + services", (result) => both(result.rssRestartedMb)],
    ["server CPU since start ms", (result) => figure(result.restartCpuMs)],
    ["errors", (result) => String(result.errors)],
    ["wrong answers", (result) => String(result.wrong)],
  ];
  return table(
    ["sleepers", ...results.map((result) => systemOf(result.system).title)],
    lines.map(([label, cell]) => [label, ...results.map(cell)]),
  );
}

/** For a traced run: which files each server synced, and how often for one iteration. */
function syncTables(samples: readonly Sample[]): readonly string[] {
  const rows = samples.flatMap((sample) =>
    Object.entries(sample.syncs ?? {}).map(([file, count]) => [
      sample.workload,
      String(sample.clients),
      systemOf(sample.system).title,
      file.replace(/^.*\/(?=data\/)/, ""),
      String(count),
      figure(count / sample.totalCompleted),
    ]),
  );
  if (rows.length === 0) return [];
  return [table(["workload", "clients", "system", "file synced", "syncs", "per iteration"], rows)];
}

function headerOf(environment: Environment, options: BenchOptions): string {
  const systems = environment.systems.map(({ title, version }) => `${title} ${version}`).join(", ");
  return [
    `${environment.date} UTC; ${systems}; Node ${environment.node}.`,
    `${environment.processors}, ${environment.memoryGib} GiB, Linux ${environment.kernel}, ` +
      `${environment.filesystem}; server, services and load generator share the machine.`,
    `Windows of ${options.windowMs / 1000} s after ${options.warmupMs / 1000} s of warm-up, ` +
      `medians of ${options.repetitions}.`,
  ].join("\n");
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(columns), line(columns.map(() => "---")), ...rows.map(line)].join("\n");
}

/** About three digits. */
function figure(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 100) return String(Math.round(value));
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

function times(ratio: number): string {
  return Number.isFinite(ratio) ? `${ratio.toFixed(1)} ×` : "–";
}
