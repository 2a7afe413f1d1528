import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  BehaviorRaisedSchema,
  DeploymentRegisteredSchema,
  DeploymentRemovedSchema,
  OpenedSchema,
  RulesReplacedSchema,
  StatePatchedSchema,
  SubmittedSchema,
  SweptSchema,
} from "@perdure/proto/storage/v1/events";
import { InvariantViolation } from "@perdure/protocol/assert";
import { registryPartition } from "@perdure/protocol/ids";
import type { EventBody } from "./apply.js";
import { startPartition } from "./partition.fixture.js";
import { rulesChanged, rulesReplaced } from "./verbs.fixture.js";

function registered(id: string, uri: string): EventBody {
  const value = create(DeploymentRegisteredSchema, { deployment: { id, uri } });
  return { case: "deploymentRegistered", value };
}

describe("a deployment that is registered", () => {
  test("is there for everybody, the last word on its address", () => {
    const partition = startPartition();

    const effects = partition.apply(
      registered("dp_1", "http://one"),
      registered("dp_2", "http://two"),
      registered("dp_1", "http://three"),
    );

    expect(effects).toEqual(Array.from({ length: 3 }, () => ({ kind: "registryChanged" })));
    expect(partition.rows("deployments").map(({ key, value }) => [key, value.uri])).toEqual([
      ["dp_1", "http://three"],
      ["dp_2", "http://two"],
    ]);
  });
});

test("a deployment that is removed is not there any more, and the others are", () => {
  const partition = startPartition();
  partition.apply(registered("dp_1", "http://one"), registered("dp_2", "http://two"));
  const removed = create(DeploymentRemovedSchema, { deploymentId: "dp_1" });

  const effects = partition.apply({ case: "deploymentRemoved", value: removed });

  expect(effects).toEqual([{ kind: "registryChanged" }]);
  expect(partition.rows("deployments").map(({ key }) => key)).toEqual(["dp_2"]);
});

test.each([rulesReplaced({ s: 1 }), rulesChanged(1, { s: 1 })])(
  "rules are told to everybody from the registry's partition, and from no other: $case",
  (event) => {
    for (const number of [0, registryPartition]) {
      const effects = startPartition({ number }).apply(event);

      const expected = number === registryPartition ? [{ kind: "registryChanged" }] : [];
      expect(effects).toEqual(expected);
    }
  },
);

describe("an event", () => {
  test.each<EventBody>([
    { case: "opened", value: create(OpenedSchema, { epoch: 2 }) },
    { case: "swept", value: create(SweptSchema, { limit: 1 }) },
    { case: "behaviorRaised", value: create(BehaviorRaisedSchema, { to: 2 }) },
    { case: "deploymentRegistered", value: create(DeploymentRegisteredSchema) },
    { case: "statePatched", value: create(StatePatchedSchema) },
    { case: "rulesReplaced", value: create(RulesReplacedSchema) },
  ])("changes no table where it has nothing to say: $case", (event) => {
    const partition = startPartition();

    expect(partition.changesNothing(event)).toBe(true);
  });

  test("that lacks what it is about is a mistake of the program", () => {
    const partition = startPartition();
    const event: EventBody = { case: "submitted", value: create(SubmittedSchema) };

    expect(() => partition.apply(event)).toThrow(InvariantViolation);
  });

  test("does the same to the same tables: a replay has every row to the letter", () => {
    const partition = startPartition();
    partition.apply(registered("dp_1", "http://one"), registered("dp_2", "http://two"));

    expect(partition.replayed().content()).toEqual(partition.content());
  });
});
