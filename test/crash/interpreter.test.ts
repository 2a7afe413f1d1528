// Random programs over three layers of objects (conformance/programs.ts), while server and services are killed with
// kill -9 at random instants. When all is over, every counter is what the programs say, and no invocation is left.
//
// A failing run prints its seed; PERDURE_TEST_SEED=<seed> makes the same programs and choices again, and
// PERDURE_TEST_PROGRAMS=1 prints the programs.

import { expect, test } from "vitest";
import { conformanceServices } from "../conformance/modes.js";
import { addIncrements, newProgram, type Program } from "../conformance/programs.js";
import { useBed } from "../harness/bed.js";
import { seededRandom, testSeed } from "../harness/seed.js";
import type { ServerProcess } from "../harness/server-process.js";
import { until } from "../harness/until.js";
import { killAndRestart } from "./kills.js";
import { inTurn } from "./traffic.js";

const bed = useBed("after each");
const programs = 700;
const keysOfLayer = 12;
const callersAtOnce = 12;
const rounds = 10;
const retryMs = 20;

interface Run {
  readonly key: string;
  readonly program: Program;
  readonly id: string;
}

test(
  "random programs over layers of objects count exactly once, whatever is killed",
  { timeout: 240_000 },
  async () => {
    const seed = testSeed();
    console.log(`interpreter: PERDURE_TEST_SEED=${seed}`);
    const random = seededRandom(seed, "programs");
    const runs = Array.from({ length: programs }, (_, at): Run => {
      return {
        key: `k${random.below(keysOfLayer)}`,
        program: newProgram(random, keysOfLayer),
        id: `p${at}`,
      };
    });
    if (process.env["PERDURE_TEST_PROGRAMS"] === "1") console.log(JSON.stringify(runs));
    const servicesOptions = conformanceServices(["program-interpreter"]);
    const flags = {
      "checkpoint-bytes": "256KiB",
      "inactivity-timeout": "20ms",
      "retry-policy-initial-interval": "10ms",
      "retry-policy-max-interval": "200ms",
    };
    const [server, services] = await Promise.all([
      bed.startServer({ flags }),
      bed.startServices(servicesOptions),
    ]);
    const deployment = await server.register(services.url);
    const began = performance.now();

    let ended = 0;
    const waitedFor = new Set<Run>();
    const stop = new AbortController();
    const callers = inTurn(
      runs.map((run) => async () => {
        waitedFor.add(run);
        await insist(server, run, stop.signal);
        waitedFor.delete(run);
        ended++;
      }),
      callersAtOnce,
    ).catch((error: unknown) => {
      ended = programs;
      throw error;
    });
    const killing = killAndRestart({
      server,
      services,
      servicesOptions,
      random: seededRandom(seed, "kills of the interpreter"),
      victims: ["server", "services", "both"],
      rounds,
      share: () => ended / programs,
    });
    killing.catch(async (error: unknown) => {
      stop.abort(error);
      console.error(await standstill(server, waitedFor).catch(String));
    });
    await Promise.allSettled([callers, killing]);
    const [, kills] = await Promise.all([callers, killing]);

    const expected = new Map<string, number>();
    for (const { program, key } of runs) addIncrements(expected, program, key);
    // What was sent and not waited for may still be on its way.
    await until(
      "all increments have come",
      async () => sum(await countersOf(server, expected.keys())) >= sum(expected),
      60_000,
    );
    await until("no invocation is left", async () => {
      const { json } = await server.admin.get("/deployments?include=status");
      const [one] = json.deployments;
      return one?.id === deployment.id && one.pinned_invocations === 0;
    });
    const counters = await countersOf(server, expected.keys());

    console.log(
      `interpreter: ${programs} programs, ${sum(expected)} increments of ${expected.size} counters, ${kills} kills; ` +
        `${((performance.now() - began) / 1_000).toFixed(1)} s`,
    );
    expect(Object.fromEntries(counters)).toEqual(Object.fromEntries(expected));
  },
);

/** Asks until there is an answer: the programs of one key stand in line, each with an idempotency key. */
async function insist(server: ServerProcess, { key, program, id }: Run, over: AbortSignal) {
  const path = `/restate/call/ObjectInterpreterL0/${key}/interpret`;
  for (;;) {
    over.throwIfAborted();
    const headers = { "idempotency-key": id };
    const answer = await server.ingress.post(path, program, { headers }).catch(() => undefined);
    if (answer?.status === 200) return;
    const isRefused = answer?.json?.source === "ingress" && [429, 503].includes(answer.status);
    if (answer !== undefined && !isRefused) {
      throw new Error(`${id} ${answer.status} ${answer.text}: ${JSON.stringify(program)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

/** Where everything stands that does not come to an end: each invocation and the one that it waits for. */
async function standstill(server: ServerProcess, waitedFor: Iterable<Run>): Promise<string> {
  const lines: string[] = [];
  for (const { key, id } of waitedFor) {
    const { json } = await server.ingress.post("/restate/lookup", {
      target: "idempotentInvocation",
      service: "ObjectInterpreterL0",
      key,
      handler: "interpret",
      idempotencyKey: id,
    });
    let invocation: string | undefined = json?.invocationId;
    for (let depth = 0; invocation !== undefined && depth < 4; depth++) {
      const { text } = await server.admin.get(`/invocations/${invocation}`);
      const { json: journal } = await server.admin.get(`/invocations/${invocation}/journal`);
      lines.push(`${"  ".repeat(depth)}${id} ${invocation} ${text}`);
      lines.push(`${"  ".repeat(depth)}${JSON.stringify(journal?.entries?.slice(-6))}`);
      invocation = journal?.entries
        ?.map((entry: any) => entry.completion?.invocationId)
        .findLast((callee: unknown) => callee !== undefined);
    }
  }
  return lines.join("\n");
}

async function countersOf(
  { ingress }: ServerProcess,
  counters: Iterable<string>,
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const counter of counters) {
    const [layer = "", key = ""] = counter.split("/");
    const { json } = await ingress.post(`/restate/call/ObjectInterpreterL${layer}/${key}/counter`);
    found.set(counter, json as number);
  }
  return found;
}

function sum(counters: ReadonlyMap<string, number>): number {
  return [...counters.values()].reduce((all, one) => all + one, 0);
}
