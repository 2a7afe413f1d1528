// What each verb of an operator does to an invocation in each of its states: the whole table. A row says how the
// verb is answered, what the invocation is afterwards, which effects leave, and which rows there are.

import { describe, expect, test } from "vitest";
import { InvocationStatus as Status } from "@perdure/proto/storage/v1/records";
import { run, sleep } from "../commands.fixture.js";
import type { EventBody } from "../apply.js";
import type { VerbOutcome } from "../effect.js";
import {
  A,
  B,
  C,
  appended,
  ended,
  exclusive,
  failed,
  firstOf,
  idOf,
  pause,
  resumed,
  retryAt,
  signalTree,
  submitted,
  suspended,
} from "../events.fixture.js";
import { ofKind, startPartition, type PartitionUnderTest } from "../partition.fixture.js";
import {
  cancelled,
  killed,
  paused,
  purged,
  restarted,
  rulesReplaced,
  scoped,
} from "../verbs.fixture.js";

const { SCHEDULED, INBOXED, READY, SUSPENDED, BACKING_OFF, PAUSED, COMPLETED } = Status;

const kept = { kept: 500, journalKept: 400 };
const target = exclusive("k", kept);
const limited = scoped(target, "s");
const started = [submitted(A, target), appended(A, [run(1)])];

/** What leads to each state. */
const stages: Record<string, readonly EventBody[]> = {
  scheduled: [submitted(A, target, { startAt: 9_000 })],
  inboxed: [submitted(B, target), submitted(A, target)],
  limited: [rulesReplaced({ s: 0 }), submitted(A, limited)],
  ready: [submitted(A, target)],
  running: started,
  suspended: [
    ...started,
    appended(A, [sleep(2, 100)]),
    suspended(A, firstOf(1, 2, signalTree(1)), { seen: 0 }),
  ],
  backingOff: [...started, failed(A, retryAt(2_000))],
  paused: [...started, failed(A, pause)],
  completed: [submitted(A, target), ended(A)],
  absent: [],
};
type Stage = keyof typeof stages;

const verbs = {
  cancel: cancelled(idOf(A)),
  kill: killed(idOf(A)),
  pause: paused(idOf(A)),
  resume: resumed(idOf(A)),
  "resume elsewhere": resumed(idOf(A), "dp_2"),
  purge: purged(idOf(A)),
  "purge journal": purged(idOf(A), "journal"),
  "restart as new": restarted(idOf(A), C),
};
type Verb = keyof typeof verbs;

type Row = readonly [
  stage: Stage,
  outcome: VerbOutcome,
  status: Status | undefined,
  effects: string,
  rows: string,
];

/** A verb that is refused, with the answer that says so. */
function refused(outcome: VerbOutcome, ...which: Stage[]): Row[] {
  return which.map((stage) => [stage, outcome, statusOf[stage], "", rowsOf[stage] ?? ""]);
}

const statusOf: Record<Stage, Status | undefined> = {
  scheduled: SCHEDULED,
  inboxed: INBOXED,
  limited: INBOXED,
  ready: READY,
  running: READY,
  suspended: SUSPENDED,
  backingOff: BACKING_OFF,
  paused: PAUSED,
  completed: COMPLETED,
  absent: undefined,
};

const rowsOf: Record<Stage, string> = {
  scheduled: "timers 1",
  inboxed: "inbox 1 ready 1",
  limited: "inbox 1",
  ready: "ready 1",
  running: "ready 1",
  suspended: "timers 1",
  backingOff: "timers 1",
  paused: "",
  // Retention: of the journal, and of the rest.
  completed: "timers 2",
  absent: "",
};

const notYet: Stage[] = ["scheduled", "inboxed", "limited"];
const onItsWay: Stage[] = ["ready", "running", "suspended", "backingOff", "paused"];

// prettier-ignore
const table: Record<Verb, readonly Row[]> = {
  cancel: [
    ["scheduled", "done", COMPLETED, "completed", "timers 2"],
    ["inboxed", "done", COMPLETED, "completed", "ready 1 timers 2"],
    ["limited", "done", COMPLETED, "completed", "timers 2"],
    ["ready", "requested", READY, "forward", "ready 1"],
    ["running", "requested", READY, "forward", "ready 1"],
    ["suspended", "requested", READY, "ready", "ready 1 timers 1"],
    ["backingOff", "requested", READY, "ready", "ready 1"],
    ["paused", "requested", READY, "ready", "ready 1"],
    ...refused("completed", "completed"),
    ...refused("notFound", "absent"),
  ],
  kill: [
    ["scheduled", "done", COMPLETED, "completed", "timers 2"],
    ["inboxed", "done", COMPLETED, "completed", "ready 1 timers 2"],
    ["limited", "done", COMPLETED, "completed", "timers 2"],
    ["ready", "done", COMPLETED, "attemptOver completed", "timers 2"],
    ["running", "done", COMPLETED, "attemptOver completed", "timers 2"],
    ["suspended", "done", COMPLETED, "completed", "timers 2"],
    ["backingOff", "done", COMPLETED, "completed", "timers 2"],
    ["paused", "done", COMPLETED, "completed", "timers 2"],
    ...refused("completed", "completed"),
    ...refused("notFound", "absent"),
  ],
  pause: [
    ...refused("notStarted", ...notYet),
    ["ready", "requested", PAUSED, "attemptOver", ""],
    ["running", "requested", PAUSED, "attemptOver", ""],
    ["suspended", "requested", PAUSED, "", "timers 1"],
    ["backingOff", "requested", PAUSED, "", ""],
    ...refused("alreadyPaused", "paused"),
    ...refused("completed", "completed"),
    ...refused("notFound", "absent"),
  ],
  resume: [
    ...refused("notStarted", ...notYet),
    ["ready", "done", READY, "", "ready 1"],
    ["running", "done", READY, "", "ready 1"],
    ["suspended", "done", READY, "ready", "ready 1 timers 1"],
    ["backingOff", "done", READY, "ready", "ready 1"],
    ["paused", "done", READY, "ready", "ready 1"],
    ...refused("completed", "completed"),
    ...refused("notFound", "absent"),
  ],
  // Of one that has an attempt it is refused before it comes here: only the shell knows that.
  "resume elsewhere": [
    ...refused("notStarted", ...notYet),
    ["ready", "done", READY, "attemptOver ready", "ready 1"],
    ["running", "done", READY, "attemptOver ready", "ready 1"],
    ["suspended", "done", READY, "ready", "ready 1 timers 1"],
    ["backingOff", "done", READY, "ready", "ready 1"],
    ["paused", "done", READY, "ready", "ready 1"],
    ...refused("completed", "completed"),
    ...refused("notFound", "absent"),
  ],
  purge: [
    ...refused("notCompleted", ...notYet, ...onItsWay),
    ["completed", "done", undefined, "", ""],
    ...refused("notFound", "absent"),
  ],
  "purge journal": [
    ...refused("notCompleted", ...notYet, ...onItsWay),
    ["completed", "done", COMPLETED, "", "timers 1"],
    ...refused("notFound", "absent"),
  ],
  "restart as new": [
    ...refused("notStarted", ...notYet),
    ...refused("running", ...onItsWay),
    ["completed", "done", COMPLETED, "ready", "ready 1 timers 2"],
    ...refused("notFound", "absent"),
  ],
};

function at(stage: Stage): PartitionUnderTest {
  const partition = startPartition();
  partition.apply(...(stages[stage] ?? []));
  return partition;
}

function rowsIn(partition: PartitionUnderTest): string {
  const counts = Object.entries(partition.leftovers());
  return counts
    .map(([name, count]) => `${name} ${count}`)
    .toSorted()
    .join(" ");
}

test.each(Object.keys(stages))("an invocation that is %s is set up as such", (stage) => {
  const partition = at(stage);

  expect(partition.statusOf(A)).toBe(statusOf[stage]);
  expect(rowsIn(partition)).toBe(rowsOf[stage]);
});

describe.each(Object.keys(verbs) as Verb[])("%s", (verb) => {
  test("says what it does to an invocation in any state", () => {
    expect(table[verb].map(([stage]) => stage).toSorted()).toEqual(Object.keys(stages).toSorted());
  });

  test.each(table[verb])("%s: %s", (stage, outcome, status, kinds, rows) => {
    const partition = at(stage);
    const before = partition.content();

    const effects = partition.applyFor(7, verbs[verb]);

    expect(ofKind(effects, "answered")).toEqual([{ kind: "answered", token: 7, outcome }]);
    const others = effects.map(({ kind }) => kind);
    const told = others.filter((kind) => kind !== "answered" && kind !== "armTimer");
    expect(told.join(" ")).toBe(kinds);
    expect(partition.statusOf(A)).toBe(status);
    expect(rowsIn(partition)).toBe(rows);
    if (kinds === "" && status === statusOf[stage] && rows === rowsOf[stage]) {
      expect(partition.content()).toEqual(before);
    }
    expect(partition.replayed().content()).toEqual(partition.content());
  });

  test("is answered to nobody where nobody waits", () => {
    for (const stage of Object.keys(stages)) {
      expect(ofKind(at(stage).apply(verbs[verb]), "answered")).toEqual([]);
    }
  });
});
