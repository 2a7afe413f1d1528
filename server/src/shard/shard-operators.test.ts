// Operators over a real shard: what they are told is durable, and names what became of their verb.

import { create } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, test } from "vitest";
import { DeploymentSchema, InvocationStatus } from "@perdure/proto/storage/v1/records";
import {
  isInvocationId,
  partitionKeyOfInvocationId,
  partitionOfInvocationId,
} from "@perdure/protocol/ids";
import { run } from "../core/commands.fixture.js";
import {
  A,
  B,
  appended,
  ended,
  exclusive,
  failed,
  idOf,
  pause,
  plain,
  proposal,
  submitted,
} from "../core/events.fixture.js";
import type { EventBody } from "../core/apply.js";
import { Machine, type RunningShard } from "./machine.fixture.js";
import { partitionOfObject } from "./identity.js";
import type { DeploymentChoice } from "./operators.js";
import { createRegistryView } from "./registry-view.js";
import { ShardOperators } from "./shard-operators.js";

const { COMPLETED, PAUSED, READY } = InvocationStatus;

/** Deployments: two of the greeter, one of something else, one that speaks no common version. */
const view = createRegistryView(
  [
    { id: "dp_1", services: { Greeter: 1, Counter: 1 }, versions: [1, 1] },
    { id: "dp_2", services: { Greeter: 2 }, versions: [1, 1] },
    { id: "dp_other", services: { Other: 1 }, versions: [1, 1] },
    { id: "dp_future", services: { Greeter: 0 }, versions: [7, 9] },
  ].map(
    ({ id, services: revisions, versions: [minProtocolVersion = 1, maxProtocolVersion = 1] }) => {
      const services = Object.keys(revisions).map((name) => ({ name }));
      const manifest = { services };
      return create(DeploymentSchema, {
        id,
        manifest,
        revisions: revisions as Record<string, number>,
        minProtocolVersion,
        maxProtocolVersion,
      });
    },
  ),
);

let machine: Machine;
let running: RunningShard;
let operators: ShardOperators;
/** Runs that have an attempt. */
let attempts: Set<string>;
/** How many of them each deployment has. */
let attemptsOn: Map<string, number>;

beforeEach(async () => {
  machine = new Machine();
  attempts = new Set();
  attemptsOn = new Map();
  await boot();
});

async function boot(): Promise<void> {
  running = await machine.boot();
  const { shard } = running;
  operators = new ShardOperators({
    shard: () => shard,
    clock: { now: () => machine.nowMs },
    view: () => view,
    isRunning: (runId) => attempts.has(runId),
    waitsFor: () => undefined,
    attemptsOn: (deploymentId) => attemptsOn.get(deploymentId) ?? 0,
  });
  running.listener = (effect) => {
    if (effect.kind === "answered") operators.answered(effect.token, effect.outcome);
  };
}

async function happens(...events: EventBody[]): Promise<void> {
  for (const event of events) running.shard.enqueue(0, event, {});
  await running.shard.drained();
}

const a = idOf(A);
/** Attempt 1 of this life of the server. */
const first = { epoch: 1 };

describe("an operator", () => {
  test("sees an invocation, and whether it has an attempt", async () => {
    await happens(submitted(A, plain()));

    expect(await operators.invocation(a)).toMatchObject({ runId: A, running: false });
    attempts.add(A);
    expect(await operators.invocation(a)).toMatchObject({
      invocation: { id: a, status: READY },
      running: true,
    });
  });

  test("reads the journal as it is", async () => {
    await happens(submitted(A, plain()), appended(A, [run(1), proposal(1, "x")], first));

    const journal = await operators.journal(a);

    expect(journal?.entries.map(({ body }) => body.case)).toEqual(["input", "run", "completion"]);
    expect(journal?.invocation.deploymentId).toBe("dp_1");
  });

  test.each(["", "inv_1", "nonsense", idOf(B)])("is told that there is none: %j", async (id) => {
    expect(await operators.invocation(id)).toBeUndefined();
    expect(await operators.journal(id)).toBeUndefined();
    const told = await Promise.all([
      operators.cancel(id),
      operators.kill(id),
      operators.pause(id),
      operators.resume(id, "keep"),
      operators.restartAsNew(id, 0, "latest"),
      operators.purge(id),
      operators.purgeJournal(id),
    ]);
    expect(new Set(told)).toEqual(new Set(["notFound"]));
  });

  test("does one thing after the other, and each is told what it was", async () => {
    await happens(submitted(A, plain()));

    expect(await operators.pause(a)).toBe("requested");
    expect(await operators.pause(a)).toBe("alreadyPaused");
    expect(await operators.purge(a)).toBe("notCompleted");
    expect(await operators.resume(a, "keep")).toBe("done");
    expect(await operators.cancel(a)).toBe("requested");
    expect(await operators.kill(a)).toBe("done");
    expect(await operators.kill(a)).toBe("completed");
    expect(await operators.purgeJournal(a)).toBe("done");
    expect(await operators.restartAsNew(a, 0, "latest")).toBe("inputGone");
    expect(await operators.purge(a)).toBe("done");
    expect(await operators.purge(a)).toBe("notFound");
  });

  test("asked many things at once gets each answer, in any partition", async () => {
    const ids = [0, 1, 2, 63].map((partition) => idOf(A, partition));
    for (const id of ids) {
      running.shard.enqueue(partitionOfInvocationId(id), submitted(A, plain(), { id }), {});
    }

    const told = await Promise.all(ids.flatMap((id) => [operators.kill(id), operators.kill(id)]));

    expect(told).toEqual(ids.flatMap(() => ["done", "completed"]));
  });

  test("is told what is durable: it is so after a loss of power", async () => {
    await happens(submitted(A, plain()), submitted(B, plain()));
    await Promise.all([operators.kill(a), operators.pause(idOf(B))]);

    await machine.losePower(5);
    await boot();

    expect(await operators.invocation(a)).toMatchObject({ invocation: { status: COMPLETED } });
    expect(await operators.invocation(idOf(B))).toMatchObject({ invocation: { status: PAUSED } });
  });
});

describe("resume", () => {
  const pausedOnDp1 = [
    submitted(A, plain()),
    appended(A, [run(1)], first),
    failed(A, pause, first),
  ];

  async function resumedOn(choice: DeploymentChoice): Promise<string> {
    expect(await operators.resume(a, choice)).toBe("done");
    return (await operators.invocation(a))?.invocation.deploymentId ?? "";
  }

  test("keeps the deployment, takes the latest or the one that is named", async () => {
    await happens(...pausedOnDp1);

    expect(await resumedOn("keep")).toBe("dp_1");
    expect(await resumedOn("latest")).toBe("dp_2");
    expect(await resumedOn({ id: "dp_1" })).toBe("dp_1");
  });

  test("is refused with a deployment that there is not, or that can't go on with it", async () => {
    await happens(...pausedOnDp1);

    expect(await operators.resume(a, { id: "dp_9" })).toBe("unknownDeployment");
    expect(await operators.resume(a, { id: "dp_other" })).toBe("incompatibleDeployment");
    expect(await operators.resume(a, { id: "dp_future" })).toBe("incompatibleDeployment");
    expect(await operators.invocation(a)).toMatchObject({ invocation: { status: PAUSED } });
  });

  test("of what runs is refused with another deployment, and nothing with its own", async () => {
    await happens(submitted(A, plain()), appended(A, [run(1)], first));
    attempts.add(A);

    expect(await operators.resume(a, "latest")).toBe("running");
    expect(await operators.resume(a, { id: "dp_1" })).toBe("done");
    expect(await operators.resume(a, "keep")).toBe("done");
    expect(await operators.invocation(a)).toMatchObject({
      invocation: { attempt: 1, deploymentId: "dp_1" },
    });
  });

  test("of one that has no deployment yet leaves it free", async () => {
    await happens(submitted(A, plain()), failed(A, pause, first));

    expect(await resumedOn("keep")).toBe("");
  });
});

describe("restart as new", () => {
  const endedOnDp1 = [
    submitted(A, plain()),
    appended(A, [run(1), proposal(1, "x")], first),
    ended(A, "done", first),
  ];

  async function restartedOn(from: number, choice: DeploymentChoice): Promise<string> {
    const verdict = await operators.restartAsNew(a, from, choice);
    if (typeof verdict === "string") throw new Error(verdict);
    const { newInvocationId } = verdict;
    expect(isInvocationId(newInvocationId)).toBe(true);
    expect(newInvocationId).not.toBe(a);
    // Beside the old one: in the same partition.
    expect(partitionKeyOfInvocationId(newInvocationId)).toBe(partitionKeyOfInvocationId(a));
    const found = await operators.invocation(newInvocationId);
    expect(found?.invocation).toMatchObject({ restartedFrom: a, status: READY });
    return found?.invocation.deploymentId ?? "";
  }

  test("from its input follows new registrations; from further on it is pinned", async () => {
    await happens(...endedOnDp1);

    expect(await restartedOn(0, "latest")).toBe("");
    expect(await restartedOn(2, "latest")).toBe("dp_2");
    expect(await restartedOn(0, "keep")).toBe("dp_1");
    expect(await restartedOn(1, { id: "dp_2" })).toBe("dp_2");
  });

  test("is refused as the core and the registry say", async () => {
    await happens(...endedOnDp1);

    expect(await operators.restartAsNew(a, 9, "latest")).toBe("outOfRange");
    expect(await operators.restartAsNew(a, 0, { id: "dp_9" })).toBe("unknownDeployment");
    expect(await operators.restartAsNew(a, 0, { id: "dp_other" })).toBe("incompatibleDeployment");
  });
});

describe("state", () => {
  const of = { service: "Counter", key: "k", scope: undefined };
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  test("that is patched is there when that is told, and after a loss of power", async () => {
    const state = new Map([
      ["a", bytes("1")],
      ["b", bytes("")],
    ]);

    await operators.patchState(of, state, undefined);
    expect(await operators.state(of)).toEqual(state);
    expect(await operators.state({ ...of, scope: "s" })).toEqual(new Map());

    await machine.losePower(1);
    await boot();
    expect(await operators.state(of)).toEqual(state);
  });

  test("of an object that is held is told to be on its way, and waits", async () => {
    const partition = partitionOfObject(of);
    const id = idOf(A, partition);
    running.shard.enqueue(partition, submitted(A, exclusive("k"), { id }), {});
    await running.shard.drained();

    await operators.patchState(of, new Map([["a", bytes("1")]]), undefined);
    expect(await operators.state(of)).toEqual(new Map());
    expect(await operators.kill(id)).toBe("done");

    expect(await operators.state(of)).toEqual(new Map([["a", bytes("1")]]));
  });

  test("of another version stays, silently", async () => {
    await operators.patchState(of, new Map([["a", bytes("1")]]), undefined);

    await operators.patchState(of, new Map(), "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");

    expect((await operators.state(of)).size).toBe(1);
  });
});

test("what belongs to a deployment is counted over all partitions", async () => {
  for (const partition of [0, 5, 63]) {
    const id = idOf(A, partition);
    running.shard.enqueue(partition, submitted(A, plain(), { id }), {});
    running.shard.enqueue(partition, appended(A, [run(1)], first), {});
  }
  await running.shard.drained();
  expect(await operators.pinnedTo("dp_1")).toBe(3);

  await operators.kill(idOf(A, 5));

  expect(await operators.pinnedTo("dp_1")).toBe(2);
  expect(await operators.pinnedTo("dp_2")).toBe(0);
});

test("an attempt that has said nothing yet belongs to its deployment as well", async () => {
  attemptsOn.set("dp_1", 1);

  expect(await operators.pinnedTo("dp_1")).toBe(1);
});
