// Operators that do anything at all: for generated histories, beside the callers and services of actors.fixture.ts.

import type { EventBody } from "./apply.js";
import { resumed } from "./events.fixture.js";
import {
  cancelled,
  killed,
  paused,
  purged,
  restarted,
  rulesReplaced,
  statePatched,
  type Rule,
} from "./verbs.fixture.js";

/** Scopes that there are, and limit keys in them. A scope lies in one partition. */
export const scope = "s";
export const scopePartition = 1;
export const limitKeys: readonly (string | undefined)[] = [undefined, "a", "a/x", "a/y", "b"];

const patterns = ["s", "*", "s/*", "s/a", "*/a", "s/*/*", "s/a/x", "t"];

/** What is done to an invocation. `fresh` makes a new run id. */
export function anyVerb(
  choose: (below: number) => number,
  { id, partition }: { readonly id: string; readonly partition: number },
  fresh: () => string,
): EventBody {
  const deploymentId = choose(2) === 0 ? "" : `dp_${choose(2)}`;
  switch (choose(12)) {
    case 0:
    case 1:
      return cancelled(id);
    case 2:
      return killed(id);
    case 3:
    case 4:
      return paused(id);
    case 5:
    case 6:
    case 7:
      return resumed(id, deploymentId);
    case 8:
      return purged(id, choose(2) === 0 ? "journal" : "all");
    default:
      return restarted(id, fresh(), { from: choose(3) * choose(4), deploymentId, partition });
  }
}

/** State of an object, in a scope or not. */
export function anyPatch(choose: (below: number) => number): {
  readonly partition: number;
  readonly event: EventBody;
} {
  const which = choose(2);
  const state = choose(3) === 0 ? {} : { [`s${choose(3)}`]: `patch ${choose(100)}` };
  // The version of what is empty.
  const version = choose(4) === 0 ? { version: "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU" } : {};
  const isScoped = choose(3) === 0;
  const event = statePatched(`key ${which}`, state, { ...version, ...(isScoped ? { scope } : {}) });
  return { partition: isScoped ? scopePartition : which, event };
}

/** Rules that let something run, always: what is accepted shall end. */
export function anyRules(choose: (below: number) => number): EventBody {
  const count = choose(5);
  const rules: Record<string, Rule> = {};
  for (let n = 0; n < count; n++) {
    const pattern = patterns[choose(patterns.length)] ?? "s";
    rules[pattern] = {
      disabled: choose(5) === 0,
      ...(choose(6) === 0 ? {} : { concurrency: 1 + choose(3) }),
    };
  }
  return rulesReplaced(rules);
}
