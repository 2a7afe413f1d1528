import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { DeploymentRemovedSchema, EventSchema } from "@perdure/proto/storage/v1/events";
import type { EventBody } from "../core/apply.js";
import { sleep } from "../core/commands.fixture.js";
import {
  A,
  B,
  appended,
  attemptLost,
  delivered,
  endWith,
  exclusive,
  failed,
  failure,
  firstOf,
  idOf,
  invoke,
  plain,
  received,
  resumed,
  retryAt,
  signalOf,
  signalled,
  submitted,
  suspended,
  timersDue,
} from "../core/events.fixture.js";
import {
  cancelled,
  killMessage,
  killed,
  paused,
  purged,
  restarted,
  rulesChanged,
  rulesReplaced,
  statePatched,
} from "../core/verbs.fixture.js";
import { decodeEvent, encodeEvent } from "./event-codec.js";

const events: EventBody[] = [
  submitted(A, exclusive("k"), { parameter: "ä", startAt: 5.5, tells: [B, 2, 7] }),
  appended(A, [sleep(1, 5_000)], { deploymentId: "dp_1" }),
  suspended(A, firstOf(1, 2), { seen: 3 }),
  failed(A, retryAt(1_000.5)),
  failed(A, endWith(failure(500, "no"))),
  attemptLost(A),
  timersDue(1_700_000_000_000, 500),
  received(3, 9, invoke(B, plain())),
  delivered([1, 2], [3, 4]),
  signalled(idOf(A), signalOf("go", failure(400))),
  resumed(idOf(A)),
  resumed(idOf(A), "dp_2"),
  received(3, 10, killMessage(idOf(B))),
  cancelled(idOf(A)),
  killed(idOf(A)),
  paused(idOf(A)),
  restarted(idOf(A), B, { from: 7, deploymentId: "dp_2" }),
  purged(idOf(A), "journal"),
  statePatched("k", { a: "1", ä: "" }, { version: "v", scope: "s" }),
  statePatched("k", {}),
  rulesReplaced({ s: 0, "s/*": { description: "all", disabled: true, version: 3 } }),
  rulesChanged(4, { s: 0, "s/*": { description: "all", disabled: true, version: 3 } }, ["t"]),
  {
    case: "deploymentRemoved",
    value: create(DeploymentRemovedSchema, { deploymentId: "dp_1" }),
  },
];

describe("the body of a record", () => {
  test.each(events)("holds all of $case", (event) => {
    const { kind, body } = encodeEvent(event);

    expect(decodeEvent(kind, body)).toEqual(event);
  });

  test("has the number of the event's field as its kind, for ever", () => {
    // What is in a log can't be renumbered.
    const numbers = Object.fromEntries(EventSchema.fields.map((f) => [f.localName, f.number]));

    expect(numbers).toMatchObject({
      opened: 1,
      submitted: 2,
      appended: 3,
      suspended: 4,
      failed: 5,
      attemptLost: 6,
      timersDue: 7,
      messageReceived: 8,
      delivered: 9,
      signalled: 10,
      swept: 11,
      behaviorRaised: 12,
      deploymentRegistered: 13,
      resumed: 14,
      cancelled: 15,
      killed: 16,
      paused: 17,
      restarted: 18,
      purged: 19,
      statePatched: 20,
      rulesReplaced: 21,
      deploymentRemoved: 22,
      rulesChanged: 23,
    });
    for (const event of events) expect(encodeEvent(event).kind).toBe(numbers[event.case]);
    // A rule of nothing and no rule are two things.
    expect(rulesReplaced({ s: 0 })).not.toEqual(rulesReplaced({ s: {} }));
  });

  test("of a kind that this release does not know is told apart from damage", () => {
    expect(decodeEvent(9_999, new Uint8Array())).toBeUndefined();
    expect(() => decodeEvent(3, Uint8Array.of(0xff, 0xff))).toThrow(Error);
  });
});
