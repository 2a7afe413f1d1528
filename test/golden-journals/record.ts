// Records golden journals: npm run golden:record -- NAME…, or --missing for all that are not there. One that is
// there is never replaced: what has changed is a new program, with a name of its own.

import { TestEnvironment } from "@perdure/testing";
import { recordedNames, writeGolden } from "./journals.js";
import { programs, services } from "./programs.js";
import { told } from "./services.js";

const names = process.argv.slice(2);
const recorded = new Set(recordedNames());
const missing = Object.keys(programs).filter((name) => !recorded.has(name));
const wanted = names.includes("--missing") ? missing : names;

if (wanted.length === 0) {
  process.stdout.write(
    missing.length === 0
      ? "Every program has its journal.\n"
      : `Not recorded: ${missing.join(", ")}\nRecord with: npm run golden:record -- NAME… (or --missing)\n`,
  );
}
for (const name of wanted) {
  const refused = refusal(name);
  if (refused !== undefined) {
    process.stderr.write(`${refused}\n`);
    process.exitCode = 1;
    continue;
  }
  await record(name);
}

function refusal(name: string): string | undefined {
  if (!(name in programs)) {
    return `${name}: no program of this name in test/golden-journals/programs.ts`;
  }
  if (!recorded.has(name)) return undefined;
  return `${name}: recorded before. A golden journal is never replaced: make what has changed a program of its own`;
}

async function record(name: string): Promise<void> {
  const program = programs[name];
  if (program === undefined) return;
  told.clear();
  await using env = await TestEnvironment.start({ services });
  const invocation = await program.record(env);
  await env.time.settled();
  const journal = await env.journalOf(invocation);
  const isComplete = journal.entries.at(-1)?.body.case === "output";
  if (isComplete !== ((program.status ?? "ended") === "ended")) {
    process.stderr.write(`${name}: the invocation ${isComplete ? "ended" : "has not ended"}\n`);
    process.exitCode = 1;
    return;
  }
  writeGolden(name, journal);
  process.stdout.write(`${name}: ${String(journal.entries.length)} entries\n`);
}
