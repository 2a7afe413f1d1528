// Entry of the benchmarks; see README.md beside package.json. The report goes to standard output, what
// is being done to standard error. Exits with 1 when anything failed or was answered wrongly.
import { writeFileSync } from "node:fs";
import { describeEnvironment } from "./environment.js";
import { startLoadProcess } from "./load/load-process.js";
import { OptionError, parseOptions, usage } from "./options.js";
import type { BenchOptions } from "./options.js";
import { makeDataDirectory } from "./paths.js";
import { cleanUpAtEnd, removeAtEnd } from "./processes.js";
import { reportOf } from "./report.js";
import { measureAll } from "./run.js";

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === "help") console.log(usage);
  else await bench(options);
} catch (error) {
  if (error instanceof OptionError) console.error(`bench: ${error.message}\n\n${usage}`);
  else console.error(`bench: ${explain(error)}`);
  process.exitCode = 1;
} finally {
  // Children and sockets are let go by the handler of the exit.
  process.exit();
}

async function bench(options: BenchOptions): Promise<void> {
  if (process.platform !== "linux") throw new Error("the benchmark reads /proc: it needs Linux");
  cleanUpAtEnd();
  const directory = makeDataDirectory(options.dataParent);
  removeAtEnd(directory);
  const environment = describeEnvironment(options, directory);
  const load = await startLoadProcess(directory);

  const measurements = await measureAll(options, load, (line) => console.error(line));
  await load.stop();

  console.log(reportOf(measurements, options, environment));
  if (options.jsonFile !== undefined) {
    const content = { environment, options, ...measurements };
    writeFileSync(options.jsonFile, `${JSON.stringify(content, null, 2)}\n`);
  }
  const failures = [...measurements.samples, ...measurements.sleepers].filter(
    (result) => result.errors + result.wrong > 0,
  );
  if (failures.length > 0) {
    console.error(`bench: ${failures.length} of the measurements saw errors or wrong answers`);
    process.exitCode = 1;
  }
}

/** Messages for what was foreseen (plain errors, with their causes), the stack for anything else. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const text = error.constructor === Error ? error.message : String(error.stack);
  return error.cause === undefined ? text : `${text}\ncaused by: ${explain(error.cause)}`;
}
