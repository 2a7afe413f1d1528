import type { Entry } from "@perdure/proto/protocol/v1/journal";
import { describe, expect, test } from "vitest";
import { command, failure, jsonValue } from "./entries.fixture.js";
import { describeCommand, sameCommand, titleOf } from "./match.js";

const target = { service: "Counter", handler: "add", key: "a" };
const workflow = { workflow: "Signup", key: "ada" };
const idempotent = { service: "Greeter", handler: "greet", idempotencyKey: "k" };
const inv = "inv_1abc";

/** One of each command, and what people read of it. */
const kinds: readonly (readonly [Entry, string])[] = [
  [command({ case: "input", value: {} }), "Input"],
  [command({ case: "output", value: {} }), "Output"],
  [command({ case: "run", value: { completionId: 1 } }, "mail"), 'Run "mail"'],
  [command({ case: "sleep", value: { completionId: 1 } }, "nap"), 'Sleep "nap"'],
  [command({ case: "getState", value: { key: "k" } }), 'GetState (key "k")'],
  [command({ case: "setState", value: { key: "k" } }), 'SetState (key "k")'],
  [command({ case: "clearState", value: { key: "k" } }), 'ClearState (key "k")'],
  [command({ case: "clearAllState", value: {} }), "ClearAllState"],
  [command({ case: "getStateKeys", value: {} }), "GetStateKeys"],
  [command({ case: "getPromise", value: { promise: "p" } }), 'GetPromise (promise "p")'],
  [command({ case: "peekPromise", value: { promise: "p" } }), 'PeekPromise (promise "p")'],
  [command({ case: "completePromise", value: { promise: "p" } }), 'CompletePromise (promise "p")'],
  [command({ case: "call", value: { target } }), "Call (Counter/a/add)"],
  [command({ case: "send", value: { target } }), "Send (Counter/a/add)"],
  [
    command({ case: "completeAwakeable", value: { awakeableId: "awk_1" } }),
    "CompleteAwakeable (awakeable awk_1)",
  ],
  [
    command({
      case: "sendSignal",
      value: { invocationId: inv, signal: { case: "id", value: 17 } },
    }),
    `SendSignal (signal 17 to ${inv})`,
  ],
  [
    command({
      case: "attach",
      value: { target: { reference: { case: "invocationId", value: inv } } },
    }),
    `Attach (${inv})`,
  ],
  [
    command({
      case: "getOutput",
      value: { target: { reference: { case: "workflow", value: workflow } } },
    }),
    "GetOutput (Signup/ada)",
  ],
  [command({ case: "cancel", value: { invocationId: inv } }), `Cancel (${inv})`],
];

describe("a command", () => {
  test.each(kinds)("is described by what identifies it: %#", (entry, text) => {
    expect(describeCommand(entry)).toBe(text);
  });

  test("is the same as itself, and no other kind of command", () => {
    for (const [recorded, text] of kinds) {
      const same = kinds.filter(([asked]) => sameCommand(recorded, asked));
      expect(same.map(([, other]) => other)).toEqual([text]);
    }
  });

  test("that is of no known kind has a title too", () => {
    expect(titleOf(undefined)).toBe("Unknown");
    expect(describeCommand(command(undefined))).toBe("Unknown");
    expect(titleOf("getStateKeys")).toBe("GetStateKeys");
  });

  test("with another name is another", () => {
    const named = (name: string): Entry => command({ case: "run", value: {} }, name);
    expect(sameCommand(named("a"), named("a"))).toBe(true);
    expect(sameCommand(named("a"), named("b"))).toBe(false);
    expect(sameCommand(named("a"), named(""))).toBe(false);
  });
});

type Body = Parameters<typeof command>[0];

describe("what tells two commands of a kind apart", () => {
  const state = (key: string): Body => ({ case: "getState", value: { key } });
  const promise = (name: string): Body => ({ case: "completePromise", value: { promise: name } });
  const call = (fields: object, idempotencyKey?: string): Body => ({
    case: "call",
    value: {
      target: { ...target, ...fields },
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    },
  });
  const attach = (reference: object): Body => ({
    case: "attach",
    value: { target: { reference: reference as never } },
  });
  const signalTo = (signal: object, invocationId = inv): Body => ({
    case: "sendSignal",
    value: { signal: signal as never, invocationId },
  });

  test.each<[string, Body, Body]>([
    ["a state key", state("a"), state("b")],
    ["an empty state key", state("a"), state("")],
    ["a promise", promise("a"), promise("b")],
    ["a service", call({}), call({ service: "Other" })],
    ["a handler", call({}), call({ handler: "get" })],
    ["an object key", call({}), call({ key: "b" })],
    ["no object key", call({ key: "" }), call({ key: undefined })],
    ["an idempotency key", call({}, "a"), call({}, "b")],
    ["no idempotency key", call({}), call({}, "")],
    [
      "the id of an awakeable",
      { case: "completeAwakeable", value: { awakeableId: "a" } },
      { case: "completeAwakeable", value: { awakeableId: "b" } },
    ],
    [
      "who is cancelled",
      { case: "cancel", value: { invocationId: "a" } },
      { case: "cancel", value: { invocationId: "b" } },
    ],
    ["a signal", signalTo({ case: "id", value: 17 }), signalTo({ case: "id", value: 18 })],
    [
      "a signal's name, even one that looks like an id",
      signalTo({ case: "id", value: 17 }),
      signalTo({ case: "signalName", value: "17" }),
    ],
    [
      "who gets a signal",
      signalTo({ case: "id", value: 17 }),
      signalTo({ case: "id", value: 17 }, "inv_2"),
    ],
    [
      "an attached workflow",
      attach({ case: "workflow", value: workflow }),
      attach({ case: "workflow", value: { ...workflow, key: "bob" } }),
    ],
    [
      "an attached idempotent call",
      attach({ case: "idempotent", value: idempotent }),
      attach({ case: "idempotent", value: { ...idempotent, idempotencyKey: "l" } }),
    ],
    [
      "how an invocation is referred to",
      attach({ case: "invocationId", value: inv }),
      attach({ case: undefined }),
    ],
  ])("is %s", (_, one, other) => {
    expect(sameCommand(command(one), command(one))).toBe(true);
    expect(sameCommand(command(one), command(other))).toBe(false);
    expect(sameCommand(command(other), command(one))).toBe(false);
  });

  test("is not a value, a time, a header or an id of a completion", () => {
    const pairs: [Body, Body][] = [
      [
        { case: "sleep", value: { durationMs: 1n, wakeUpTimeMs: 5n } },
        { case: "sleep", value: { durationMs: 2n } },
      ],
      [
        { case: "setState", value: { key: "k", value: jsonValue(1) } },
        { case: "setState", value: { key: "k", value: jsonValue(2) } },
      ],
      [
        { case: "send", value: { target, delayMs: 5n, headers: [{ name: "a", value: "b" }] } },
        { case: "send", value: { target, parameter: jsonValue(2) } },
      ],
      [
        { case: "call", value: { target, resultCompletionId: 2, parameter: jsonValue(1) } },
        { case: "call", value: { target, resultCompletionId: 4 } },
      ],
      [
        { case: "getState", value: { key: "k", eager: { case: "value", value: jsonValue(1) } } },
        { case: "getState", value: { key: "k" } },
      ],
      [
        { case: "output", value: { result: { case: "value", value: jsonValue(1) } } },
        { case: "output", value: { result: { case: "failure", value: failure("no") } } },
      ],
    ];
    for (const [recorded, asked] of pairs) {
      expect(sameCommand(command(recorded), command(asked))).toBe(true);
    }
  });

  test("is shown in descriptions so that both sides can be told apart", () => {
    expect(describeCommand(command(call({ key: undefined })))).toBe("Call (Counter/add)");
    expect(describeCommand(command(call({}, "k")))).toBe(
      'Call (Counter/a/add, idempotency key "k")',
    );
    expect(describeCommand(command(attach({ case: "idempotent", value: idempotent })))).toBe(
      "Attach (Greeter//greet/k)",
    );
    expect(describeCommand(command({ case: "call", value: {} }))).toBe("Call (nobody)");
  });
});
