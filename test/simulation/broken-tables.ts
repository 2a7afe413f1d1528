// Bugs of the core, put in by what its tables answer: in every table that there is, so that a replay has them as well. Each
// returns what undoes it.

import { Store, type PartitionTables } from "@perdure/server/simulation-kit";
import { SimulatedEnvironment, SimulatedLmdb } from "./machine/simulated-environment.js";

type Inbox = PartitionTables["inbox"];
type InboxRows = ReturnType<Inbox["scan"]>;

/** The last of a key's inbox is next. */
export function reverseInboxes(): () => void {
  return scanInboxes((from, scan) =>
    from.startsWith("Thing\u0000") ? scan(1_000).slice(-1) : scan(1),
  );
}

/** Nobody looks who waits for a limit. */
export function forgetLimitQueues(): () => void {
  return scanInboxes((from, scan) => (from.startsWith("=") ? [] : scan(1)));
}

/** State that waits for its turn is lost on the way. */
export function emptyPatches(): () => void {
  return scanInboxes((_, scan) =>
    scan(1).map(({ key, value }) => {
      const { patch } = value;
      return {
        key,
        value: patch === undefined ? value : { ...value, patch: { ...patch, state: [] } },
      };
    }),
  );
}

/** No rule is found. */
export function ignoreRules(): () => void {
  const rules = prototypeOf("rules");
  const { get } = rules;
  rules.get = function (key) {
    const row = get.call(this, key);
    // All tables share it.
    return row?.$typeName === "perdure.storage.v1.LimitRule" ? undefined : row;
  };
  return () => {
    rules.get = get;
  };
}

/** Changes what is found by those who look for the first. */
function scanInboxes(
  first: (from: string, scan: (limit: number) => InboxRows) => InboxRows,
): () => void {
  const inbox = prototypeOf("inbox");
  const { scan } = inbox;
  inbox.scan = function (from, to, limit) {
    const asked = (most: number): InboxRows => scan.call(this, from, to, most);
    return limit === 1 ? first(from, asked) : asked(limit);
  };
  return () => {
    inbox.scan = scan;
  };
}

function prototypeOf<Name extends "inbox" | "rules">(name: Name): PartitionTables[Name] {
  const store = new Store({
    directory: "",
    writer: "inline",
    simulated: {
      environment: new SimulatedEnvironment(new SimulatedLmdb()),
      writer: {
        write: () => Promise.reject(new Error("nothing is written")),
        rest: () => Promise.resolve(),
        close: () => Promise.resolve(),
      },
      mappedPages: { areMany: false, letGo: () => undefined },
    },
  });
  return Object.getPrototypeOf(store.partition(0)[name]) as PartitionTables[Name];
}
