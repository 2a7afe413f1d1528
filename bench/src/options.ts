// The command line of the benchmark: what to measure, for how long, and where results go.
import { parseArgs } from "node:util";
import { systemNames } from "./systems/index.js";
import { ownWorkloadNames, workloadNames } from "./workloads/index.js";

export interface BenchOptions {
  readonly systems: readonly string[];
  readonly workloads: readonly string[];
  /** Whether the experiment with sleepers is run as well. */
  readonly sleepers: boolean;
  readonly sleeperCount: number;
  readonly clients: readonly number[];
  readonly windowMs: number;
  readonly warmupMs: number;
  readonly repetitions: number;
  /** How long the sleepers experiment waits for a call to be served, at each of its points. */
  readonly patienceMs: number;
  readonly jsonFile: string | undefined;
  readonly profiles: string | undefined;
  readonly straceDirectory: string | undefined;
  readonly dataParent: string | undefined;
}

export class OptionError extends Error {
  override readonly name = "OptionError";
}

const sleepersName = "sleepers";

export const usage: string = `Usage: npm run bench -- [options]

What to measure
  --against restate     also measure this peer, alternating, and print the ratios
  --tuned               with --against restate: also the peer with 2 partitions
  --systems A,B         measure exactly these: ${systemNames.join(", ")}
  --workloads A,B       default all: ${[...workloadNames, sleepersName].join(", ")}
                        and, of Perdure alone: ${ownWorkloadNames.join(", ")}
  --clients N,N         default 1,10,50,200
  --sleepers N          how many sleepers, default 100000

How long
  --seconds N           length of a measured window, default 5
  --warmup N            seconds before each window, default 2
  --repetitions N       default 3; the table shows medians
  --patience N          seconds that the sleepers experiment waits for an answer, default 60

Where to
  --json FILE           write all samples as JSON
  --data-dir DIR        make the data directories here; must not be kept in memory
  --cpu-prof DIR        write CPU profiles of server and services (Node processes) here
  --strace DIR          trace the syncs of each server with strace, write the traces here
`;

/** @throws OptionError  an unknown option or a bad value, with what is allowed */
export function parseOptions(args: readonly string[]): BenchOptions | "help" {
  const values = parseValues(args);
  if (values.help) return "help";
  const offered = [...workloadNames, ...ownWorkloadNames, sleepersName];
  const workloads = namesIn("--workloads", values.workloads, offered);
  return {
    systems: systemsIn(values.systems, values.against, values.tuned),
    workloads: workloads.filter((name) => name !== sleepersName),
    sleepers: workloads.includes(sleepersName),
    sleeperCount: wholeNumber("--sleepers", values.sleepers),
    clients: values.clients.split(",").map((part) => wholeNumber("--clients", part)),
    windowMs: seconds("--seconds", values.seconds),
    warmupMs: seconds("--warmup", values.warmup),
    repetitions: wholeNumber("--repetitions", values.repetitions),
    patienceMs: seconds("--patience", values.patience),
    jsonFile: values.json,
    profiles: values["cpu-prof"],
    straceDirectory: values.strace,
    dataParent: values["data-dir"],
  };
}

function parseValues(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        against: { type: "string" },
        tuned: { type: "boolean", default: false },
        systems: { type: "string" },
        workloads: { type: "string", default: [...workloadNames, sleepersName].join(",") },
        clients: { type: "string", default: "1,10,50,200" },
        sleepers: { type: "string", default: "100000" },
        seconds: { type: "string", default: "5" },
        warmup: { type: "string", default: "2" },
        repetitions: { type: "string", default: "3" },
        patience: { type: "string", default: "60" },
        json: { type: "string" },
        "data-dir": { type: "string" },
        "cpu-prof": { type: "string" },
        strace: { type: "string" },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new OptionError((error as Error).message);
  }
}

function systemsIn(
  systems: string | undefined,
  against: string | undefined,
  tuned: boolean,
): readonly string[] {
  if (systems !== undefined) {
    if (against !== undefined || tuned) {
      throw new OptionError("--systems names all systems: leave out --against and --tuned");
    }
    return namesIn("--systems", systems, systemNames);
  }
  if (against === undefined) {
    if (tuned) throw new OptionError("--tuned needs --against restate");
    return ["perdure"];
  }
  namesIn("--against", against, ["restate"]);
  return tuned ? ["perdure", "restate", "restate-tuned"] : ["perdure", "restate"];
}

function namesIn(option: string, text: string, allowed: readonly string[]): readonly string[] {
  const names = [...new Set(text.split(","))];
  for (const name of names) {
    if (!allowed.includes(name)) {
      throw new OptionError(`${option}: "${name}" is not one of ${allowed.join(", ")}`);
    }
  }
  return names;
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value > 0 && Number.isSafeInteger(value)) return value;
  throw new OptionError(`${option}: "${text}" is not a whole number above 0`);
}

function seconds(option: string, text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value > 0 && value <= 86_400) return value * 1000;
  throw new OptionError(`${option}: "${text}" is not a number of seconds above 0, at most 86400`);
}
