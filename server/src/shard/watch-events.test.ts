import { create } from "@bufbuild/protobuf";
import { EntrySchema, type Entry } from "@perdure/proto/protocol/v1/journal";
import {
  InvocationSchema,
  InvocationStatus,
  type Invocation,
} from "@perdure/proto/storage/v1/records";
import { entryOf, valueOf, voidResult } from "@perdure/protocol/messages";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  AskedCommands,
  cursorOf,
  happenedSince,
  progressOf,
  type Happened,
  type Progress,
  type Seen,
} from "./watch-events.js";

const runId = "0000000000000000000001";
const value = valueOf(new TextEncoder().encode("1"));
const input = entryOf("", create(EntrySchema, { body: { case: "input", value: {} } }).body);
const output = entryOf(
  "",
  create(EntrySchema, {
    body: { case: "output", value: { result: { case: "value", value } } },
  }).body,
);

function command(
  body: Parameters<typeof create<typeof EntrySchema>>[1] & object,
  name = "",
): Entry {
  return create(EntrySchema, { name, ...body });
}

function run(completionId: number, name: string): Entry {
  return command({ body: { case: "run", value: { completionId } } }, name);
}

function completed(completionId: number): Entry {
  return command({ body: { case: "completion", value: { completionId, result: voidResult } } });
}

/** What is read where `since` was told, by a watch that has read what `asked` knows. */
function seen(
  entries: readonly Entry[],
  about: Partial<Invocation> = {},
  since?: Progress,
  asked = new AskedCommands(),
): Seen {
  const invocation = create(InvocationSchema, {
    id: "inv_1",
    status: InvocationStatus.READY,
    entryCount: entries.length,
    target: { service: "Signup", handler: "run" },
  });
  const from = Math.min(since?.entries ?? 0, asked.readTo);
  const unread = entries.slice(from);
  asked.read(unread, from);
  const end = entries.at(-1)?.body;
  const result = end?.case === "output" ? end.value.result : undefined;
  const isOver = about.status === InvocationStatus.COMPLETED;
  return {
    invocation: { ...invocation, ...about },
    entries: unread,
    from,
    asked,
    output: isOver ? result : undefined,
    attempt: undefined,
  };
}

/** One word for each event; the names of steps and keys beside it. */
function words(told: readonly Happened[]): string[] {
  return told.map(({ event }) => {
    switch (event.case) {
      case "stepRecorded":
        return `${event.value.operation} ${event.value.name}`.trimEnd();
      case "stateChanged":
        return `${event.value.cleared ? "clear" : "set"} ${event.value.stateKey}`.trimEnd();
      default:
        return event.case;
    }
  });
}

test("a step is told when its result is recorded, in the order of results", () => {
  const entries = [input, run(1, "create"), run(2, "mail"), completed(2), completed(1)];

  expect(words(happenedSince(runId, seen(entries.slice(0, 3)), undefined))).toEqual([
    "accepted",
    "started",
  ]);
  expect(words(happenedSince(runId, seen(entries), undefined))).toEqual([
    "accepted",
    "started",
    "run mail",
    "run create",
  ]);
});

test.each([
  ["sleep", { case: "sleep", value: { completionId: 1 } }, "sleep nap"],
  ["promise", { case: "getPromise", value: { completionId: 1, promise: "p" } }, "promise nap"],
  [
    "call",
    { case: "call", value: { invocationIdCompletionId: 2, resultCompletionId: 1 } },
    "call nap",
  ],
  ["send", { case: "send", value: { invocationIdCompletionId: 1 } }, "send nap"],
  ["attach", { case: "attach", value: { completionId: 1 } }, "attach nap"],
] as const)("%s is told by its name", (_, body, expected) => {
  const entries = [input, command({ body: body as never }, "nap"), completed(1)];

  expect(words(happenedSince(runId, seen(entries), undefined)).at(-1)).toBe(expected);
});

test("what has no name of its own is told by what it is about", () => {
  const entries = [
    input,
    command({ body: { case: "getPromise", value: { completionId: 1, promise: "clicked" } } }),
    completed(1),
    command({
      body: {
        case: "call",
        value: {
          invocationIdCompletionId: 2,
          resultCompletionId: 3,
          target: { service: "Mail", handler: "post" },
        },
      },
    }),
    completed(2),
    completed(3),
  ];

  expect(words(happenedSince(runId, seen(entries), undefined)).slice(2)).toEqual([
    "promise clicked",
    "call Mail/post",
  ]);
});

test("state that was written is told by its key", () => {
  const entries = [
    input,
    command({ body: { case: "setState", value: { key: "stage" } } }),
    command({ body: { case: "clearState", value: { key: "stage" } } }),
    command({ body: { case: "clearAllState", value: {} } }),
  ];

  expect(words(happenedSince(runId, seen(entries), undefined)).slice(2)).toEqual([
    "set stage",
    "clear stage",
    "clear",
  ]);
});

test("how it stands is told once, and again when it changed", () => {
  const entries = [input, run(1, "a")];
  const retrying = (retryCount: number): Seen =>
    seen(entries, { status: InvocationStatus.BACKING_OFF, retryCount });
  const first = happenedSince(runId, retrying(1), undefined);
  const after = first.at(-1)?.progress;

  expect(words(first).at(-1)).toBe("retrying");
  expect(happenedSince(runId, retrying(1), after)).toEqual([]);
  expect(words(happenedSince(runId, retrying(2), after))).toEqual(["retrying"]);
  expect(
    words(happenedSince(runId, seen(entries, { status: InvocationStatus.PAUSED }), after)),
  ).toEqual(["paused"]);
  expect(words(happenedSince(runId, { ...seen(entries), attempt: "computing" }, after))).toEqual([
    "started",
  ]);
});

test("where the journal is gone, the end is told all the same", () => {
  const about = { status: InvocationStatus.COMPLETED, entryCount: 1, outputIndex: 0 };
  const since: Progress = { runId, entries: 7, standing: "started" };

  expect(words(happenedSince(runId, seen([output], about), undefined))).toEqual([
    "accepted",
    "completed",
  ]);
  expect(words(happenedSince(runId, seen([output], about), since))).toEqual(["completed"]);
});

test.each(["", "x", `${runId}~1`, `${runId}~-1~started`, `${runId}~1~Started`, `${runId}~1~a~b`])(
  "%j is no cursor",
  (text) => {
    expect(progressOf(text)).toBeUndefined();
  },
);

const step = fc.constantFrom("run", "set", "signal") satisfies fc.Arbitrary<string>;

function journalOf(steps: readonly string[]): Entry[] {
  const entries = [input];
  steps.forEach((kind, at) => {
    if (kind === "run") entries.push(run(at + 1, `step${at}`), completed(at + 1));
    if (kind === "set") {
      entries.push(command({ body: { case: "setState", value: { key: `key${at}` } } }));
    }
    if (kind === "signal") {
      const result = { case: "value" as const, value };
      const signal = { case: "id" as const, value: 17 + at };
      entries.push(command({ body: { case: "signal", value: { signal, result } } }));
    }
  });
  return [...entries, output];
}

const history = (lines: readonly string[]): string[] =>
  lines.filter((line) => !/^(started|waiting|retrying|paused)/.test(line));

test("whenever one looks, and wherever a cursor cuts, history is told whole, in order and once", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 12 }),
      fc.array(fc.tuple(fc.nat(40), fc.constantFrom(3, 4, 5, 6), fc.nat(3)), { maxLength: 8 }),
      (steps, looks) => {
        const entries = journalOf(steps);
        const end = {
          status: InvocationStatus.COMPLETED,
          outputIndex: entries.length - 1,
        };
        let since: Progress | undefined;
        let asked = new AskedCommands();
        const told: string[] = [];
        const take = (happened: readonly Happened[]): void => {
          told.push(...words(happened));
          const last = happened.at(-1);
          if (last !== undefined) since = progressOf(cursorOf(last.progress));
        };
        for (const [length, status, lost] of [...looks].sort(([a], [b]) => a - b)) {
          const part = entries.slice(0, Math.max(1, Math.min(length, entries.length - 1)));
          const happened = happenedSince(runId, seen(part, { status }, since, asked), since);
          // The connection broke before the last ones arrived: another watch goes on.
          take(happened.slice(0, Math.max(0, happened.length - lost)));
          if (lost > 0) asked = new AskedCommands();
        }
        take(happenedSince(runId, seen(entries, end, since, asked), since));

        const whole = happenedSince(runId, seen(entries, end), undefined);
        expect(history(told)).toEqual(history(words(whole)));
      },
    ),
  );
});
