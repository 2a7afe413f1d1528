// Writes expected.* of the golden corpus anew, of all cases or of those that are named: `npm run codegen:corpus -- NAME`.
// Look at what changed before you commit it: this is what users get.

import {
  contracts,
  expectedOf,
  findings,
  findingsExpected,
  generationsOf,
  writeExpected,
} from "./corpus.fixture.js";

const asked = process.argv.slice(2);
const wanted = (name: string): boolean => asked.length === 0 || asked.includes(name);

async function record(): Promise<void> {
  for (const name of contracts.filter(wanted)) {
    writeExpected(`contracts/${name}`, expectedOf(await generationsOf(name)));
  }
  if (!findings.some(wanted)) return;
  for (const [name, expected] of findingsExpected()) {
    if (wanted(name)) writeExpected(`findings/${name}`, expected);
  }
}

await record();
