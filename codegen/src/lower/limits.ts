// What servers take of a contract. Refused here, where there is a place to point at, and not at registration.

import type { Diagnostic } from "../model/diagnostic.js";
import type { DraftFile } from "./draft.js";

const typesMax = 5_000;
const fieldsMax = 1_000;
const valuesMax = 10_000;

export function checkLimits({ messages, enums }: DraftFile): Diagnostic[] {
  const found: Diagnostic[] = [];
  const types = messages.length + enums.length;
  if (types > typesMax) {
    found.push({
      code: "PDR6113",
      severity: "error",
      message: `the contract has ${types} messages and enums, and servers take ${typesMax}`,
      advice: "generate in several runs with a --package each, and give all manifests to serve()",
    });
  }
  const large = [
    ...messages.map(({ origin, fields }) => [origin, fields.length, fieldsMax, "members"] as const),
    ...enums.map(({ origin, values }) => [origin, values.length, valuesMax, "values"] as const),
  ];
  for (const [{ what, place }, size, max, word] of large) {
    if (size <= max) continue;
    found.push({
      code: "PDR6113",
      severity: "error",
      ...(place === undefined ? {} : { place }),
      message: `${what} has ${size} ${word}, and servers take ${max}`,
      advice: "split it, or use a Record<string, …>",
    });
  }
  return found;
}
