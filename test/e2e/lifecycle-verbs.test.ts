// What each verb of the admin port does to an invocation in each state of its life, against a real server with real
// invocations: the whole table, then what single cells promise beside their status.

import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import type { Answer } from "../harness/http.js";
import type { ServerProcess } from "../harness/server-process.js";
import { until } from "../harness/until.js";

const bed = useBed("after all");
let server: ServerProcess;
let gates: Gates;
let deploymentId: string;

beforeAll(async () => {
  [server, gates] = await Promise.all([bed.startServer(), bed.openGates()]);
  const env = { PERDURE_TEST_GATES: gates.url };
  const services = await bed.startServices({ modules: ["lives"], env });
  deploymentId = (await server.register(services.url)).id;
});

let lastKey = 0;
const newKey = (): string => `k${++lastKey}`;
const freeId = `inv_1${"0".repeat(33)}`;

async function sent(path: string, body?: unknown): Promise<string> {
  const answer = await server.ingress.post(`/restate/send/${path}`, body);
  expect(answer.status).toBe(202);
  return answer.json.invocationId;
}

function verb(id: string, name: string): Promise<Answer> {
  return server.admin.send(`/invocations/${id}/${name}`, { method: "PATCH" });
}

async function detailOf(id: string): Promise<any> {
  return (await server.admin.get(`/invocations/${id}`)).json;
}

function reaches(id: string, status: string): Promise<unknown> {
  return until(`${id} is ${status}`, async () => (await detailOf(id)).status === status);
}

/** Held at its gate, which stays shut. */
async function holding(key: string): Promise<string> {
  gates.shut(key);
  const id = await sent(`Lives/${key}/holds`);
  await gates.reached(key);
  return id;
}

const states = {
  scheduled: async () => {
    const id = await sent(`Lives/${newKey()}/completes?delay=1d`, "late");
    await reaches(id, "scheduled");
    return id;
  },
  pending: async () => {
    const key = newKey();
    await holding(key);
    const id = await sent(`Lives/${key}/completes`, "next");
    await reaches(id, "pending");
    return id;
  },
  running: async () => {
    const id = await holding(newKey());
    await reaches(id, "running");
    return id;
  },
  "backing-off": async () => {
    const id = await sent(`Lives/${newKey()}/backsOff`);
    await reaches(id, "backing-off");
    return id;
  },
  suspended: async () => {
    const id = await sent(`Lives/${newKey()}/suspends`);
    await reaches(id, "suspended");
    return id;
  },
  paused: async () => {
    const id = await sent(`Lives/${newKey()}/pauses`);
    await reaches(id, "paused");
    return id;
  },
  completed: async () => {
    const id = await sent(`Lives/${newKey()}/completes`, "done");
    await reaches(id, "completed");
    return id;
  },
  free: async () => freeId,
} as const satisfies Record<string, () => Promise<string>>;

type State = keyof typeof states;

/** Status of the answer, and what the invocation is then. */
type Cell = readonly [status: number, then: string];

const same = (status: number): Cell => [status, "as before"];

const table: Readonly<Record<string, Readonly<Record<State, Cell>>>> = {
  cancel: {
    scheduled: [200, "canceled"],
    pending: [200, "canceled"],
    running: [202, "cancelled by its code"],
    "backing-off": [202, "cancelled by its code"],
    suspended: [202, "cancelled by its code"],
    paused: [202, "cancelled by its code"],
    completed: same(409),
    free: same(404),
  },
  kill: {
    scheduled: [200, "killed"],
    pending: [200, "killed"],
    running: [200, "killed"],
    "backing-off": [200, "killed"],
    suspended: [200, "killed"],
    paused: [200, "killed"],
    completed: same(409),
    free: same(404),
  },
  pause: {
    scheduled: same(409),
    pending: same(409),
    running: [202, "paused"],
    "backing-off": [202, "paused"],
    suspended: [202, "paused"],
    paused: same(200),
    completed: same(409),
    free: same(404),
  },
  resume: {
    scheduled: same(425),
    pending: same(425),
    running: same(200),
    "backing-off": [200, "running"],
    suspended: [200, "running"],
    paused: [200, "running"],
    completed: same(409),
    free: same(404),
  },
  purge: {
    scheduled: same(409),
    pending: same(409),
    running: same(409),
    "backing-off": same(409),
    suspended: same(409),
    paused: same(409),
    completed: [200, "gone"],
    free: same(404),
  },
  "purge-journal": {
    scheduled: same(409),
    pending: same(409),
    running: same(409),
    "backing-off": same(409),
    suspended: same(409),
    paused: same(409),
    completed: same(200),
    free: same(404),
  },
  "restart-as-new": {
    scheduled: same(425),
    pending: same(425),
    running: same(409),
    "backing-off": same(409),
    suspended: same(409),
    paused: same(409),
    completed: same(200),
    free: same(404),
  },
};

const cells = Object.entries(table).flatMap(([name, row]) =>
  Object.entries(row).map(([state, cell]) => ({ name, state: state as State, cell })),
);

describe("the table of verbs and states", () => {
  test.each(cells)("$name of one that is $state: $cell", async ({ name, state, cell }) => {
    const [status, then] = cell;
    const id = await states[state]();
    const result = server.ingress.get(`/restate/attach/${id}`);
    result.catch(() => undefined);
    const attempts = gates.count((await detailOf(id)).key ?? "");

    const answer = await verb(id, name);

    expect(answer.status).toBe(status);
    if (status >= 400) {
      expect(answer.json).toEqual({
        message: expect.stringContaining(id),
        restate_code: null,
        errorCode: expect.stringMatching(/^PDR40\d\d$/),
      });
    }
    switch (then) {
      case "canceled":
      case "killed":
        expect(await result).toMatchObject({ status: 409, json: { code: 409, message: then } });
        break;
      case "cancelled by its code":
        expect(await result).toMatchObject({ status: 409, json: { code: 409 } });
        break;
      case "gone":
        expect((await server.admin.get(`/invocations/${id}`)).status).toBe(404);
        break;
      case "running":
        if (state === "suspended") await reaches(id, "suspended");
        else await gates.reached((await detailOf(id)).key, attempts + 1);
        break;
      case "as before":
        if (state !== "free") expect((await detailOf(id)).status).toBe(state);
        break;
      default:
        expect((await detailOf(id)).status).toBe(then);
    }
  });

  test.each(Object.keys(table))("%s of what is no id is 400", async (name) => {
    const answers = await Promise.all(
      ["nonsense", "inv_1short", `${freeId}0`, `inv_1${"z".repeat(33)}`].map((id) =>
        verb(id, name),
      ),
    );

    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400]);
    expect(answers[0]?.json).toMatchObject({
      errorCode: "PDR4016",
      message: expect.stringContaining("nonsense"),
    });
  });
});

describe("pause", () => {
  test("aborts a step at once: what it still does is not recorded, and it runs again", async () => {
    const key = newKey();
    const id = await holding(key);

    await verb(id, "pause");
    gates.open(key);
    const { status } = await detailOf(id);
    await verb(id, "resume");
    const result = await server.ingress.get(`/restate/attach/${id}`);

    expect(status).toBe("paused");
    expect(result).toMatchObject({ status: 200, json: "passed" });
    expect(gates.count(key)).toBe(2);
    const kinds = (await journalOf(id)).entries.map((entry: object) =>
      Object.keys(entry).find((member) => member !== "name"),
    );
    expect(kinds).toEqual(["input", "run", "completion", "output"]);
  });

  test("keeps the key: what waits for it goes on waiting", async () => {
    const key = newKey();
    const id = await holding(key);
    const next = await sent(`Lives/${key}/completes`, "next");

    await verb(id, "pause");
    const status = (await detailOf(next)).status;
    gates.open(key);
    await verb(id, "resume");

    expect(status).toBe("pending");
    expect((await server.ingress.get(`/restate/attach/${next}`)).json).toBe("next first second");
  });
});

async function journalOf(id: string): Promise<any> {
  const answer = await server.admin.get(`/invocations/${id}/journal`);
  expect(answer.status).toBe(200);
  return answer.json;
}

describe("kill", () => {
  test("ends the calls of an invocation with it, lets go of their keys, and leaves its sends alone", async () => {
    const key = newKey();
    gates.shut(key);
    gates.shut(`${key}-called`);
    const parent = await sent("Parent/sends", key);
    await Promise.all([gates.reached(key), gates.reached(`${key}-called`)]);

    const answer = await verb(parent, "kill");
    gates.open(key);
    gates.open(`${key}-called`);
    const again = await server.ingress.post(`/restate/call/Lives/${key}-called/completes`, "free");
    const sentOne = await server.ingress.post(`/restate/call/Lives/${key}/completes`, "after");

    expect(answer.status).toBe(200);
    expect((await detailOf(parent)).completion_failure).toBe("[409] killed");
    expect([again.json, sentOne.json]).toEqual(["free first second", "after first second"]);
    expect(gates.count(`${key}-called`)).toBe(2);
  });
});

describe("cancel", () => {
  test("reaches the leaf of a tree of calls, and comes back up", async () => {
    const key = newKey();
    gates.shut(key);
    const parent = await sent("Parent/calls", key);
    await gates.reached(key);

    const answer = await verb(parent, "cancel");
    const result = await server.ingress.get(`/restate/attach/${parent}`);

    expect(answer.status).toBe(202);
    expect(result).toMatchObject({ status: 409, json: { code: 409, source: "invocation" } });
    const next = await server.ingress.post(`/restate/send/Lives/${key}/completes`, "free");
    gates.open(key);
    expect((await server.ingress.get(`/restate/attach/${next.json.invocationId}`)).status).toBe(
      200,
    );
  });
});

describe("resume", () => {
  test.each([
    ["keep", 200],
    ["latest", 200],
    ["Latest", 200],
    ["dp_unknown", 400],
    ["newest", 400],
  ])("with deployment=%s is %d", async (deployment, status) => {
    const id = await states.paused();

    const answer = await verb(id, `resume?deployment=${deployment}`);

    expect(answer.status).toBe(status);
    if (status === 400) expect(answer.json.message).toMatch(/deployment/);
  });

  test("with the id of its own deployment goes on there", async () => {
    const id = await states.suspended();

    const answer = await verb(id, `resume?deployment=${deploymentId}`);

    expect(answer.status).toBe(200);
    expect((await detailOf(id)).pinned_deployment_id).toBe(deploymentId);
  });
});

describe("restart as new", () => {
  async function restarted(id: string, query = ""): Promise<Answer> {
    return verb(id, `restart-as-new${query}`);
  }

  test("from the start runs everything again, under a new id", async () => {
    const id = await states.completed();
    const { key } = await detailOf(id);

    const answer = await restarted(id);
    const newId: string = answer.json.new_invocation_id;
    const result = await server.ingress.get(`/restate/attach/${newId}`);

    expect(newId).toMatch(/^inv_1/);
    expect(newId).not.toBe(id);
    expect(result.json).toBe("done first second");
    expect(gates.count(key)).toBe(2);
    expect((await detailOf(newId)).restarted_from).toBe(id);
  });

  test("from an entry takes over the journal up to there", async () => {
    const id = await states.completed();
    const { entries } = await journalOf(id);
    const from = entries.findIndex((entry: any) => entry.completion !== undefined);

    const answer = await restarted(id, `?from=${from}`);
    const newId: string = answer.json.new_invocation_id;
    await reaches(newId, "completed");
    const after = await journalOf(newId);

    expect(answer.status).toBe(200);
    expect(after.entries.slice(1, from + 1)).toEqual(entries.slice(1, from + 1));
  });

  test.each([
    ["?from=9999", 400, "9999"],
    ["?from=-1", 400, "from"],
    ["?from=x", 400, "from"],
    ["?deployment=dp_unknown", 400, "deployment"],
  ])("with %s is %d", async (query, status, named) => {
    const id = await states.completed();

    const answer = await restarted(id, query);

    expect(answer).toMatchObject({ status, json: { message: expect.stringContaining(named) } });
  });

  test("from a command that never got its result is 400", async () => {
    const id = await states.suspended();
    await verb(id, "kill");
    const { entries } = await journalOf(id);
    const from = entries.findIndex((entry: any) => entry.sleep !== undefined);

    const answer = await restarted(id, `?from=${from}`);

    expect(answer).toMatchObject({ status: 400, json: { errorCode: "PDR4023" } });
  });

  test("is 410 once the journal is gone", async () => {
    const id = await states.completed();
    await verb(id, "purge-journal");

    expect((await restarted(id)).status).toBe(410);
  });

  test("of a workflow is 422", async () => {
    const key = newKey();
    await server.ingress.post(`/restate/call/Once/${key}/run`);
    const target = { target: "workflow", workflowName: "Once", workflowKey: key };
    const { invocationId } = (await server.ingress.post("/restate/lookup", target)).json;

    const answer = await restarted(invocationId);

    expect(answer).toMatchObject({ status: 422, json: { errorCode: "PDR4021" } });
  });
});

describe("the older way to end an invocation", () => {
  test.each([
    ["", "running", "cancelled"],
    ["?mode=Cancel", "suspended", "cancelled"],
    ["?mode=kill", "running", "killed"],
    ["?mode=Purge", "completed", "gone"],
    ["?mode=Kill", "free", "nothing"],
  ] as const)("DELETE%s of one that is %s is 202: %s", async (query, state, then) => {
    const id = await states[state]();

    const answer = await server.admin.send(`/invocations/${id}${query}`, { method: "DELETE" });

    expect(answer).toMatchObject({ status: 202, text: "" });
    if (then === "gone") expect((await server.admin.get(`/invocations/${id}`)).status).toBe(404);
    else if (then !== "nothing") await reaches(id, "completed");
  });

  test("with another mode, or another id, is 400", async () => {
    const id = await states.completed();

    const answers = await Promise.all(
      [`${id}?mode=Stop`, "inv_x"].map((what) =>
        server.admin.send(`/invocations/${what}`, { method: "DELETE" }),
      ),
    );

    expect(answers.map(({ status }) => status)).toEqual([400, 400]);
  });
});

describe("a batch", () => {
  function batch(name: string, body: object): Promise<Answer> {
    return server.admin.post(`/internal/invocations_batch_operations/${name}`, body);
  }

  test("says of each id what became of it", async () => {
    const running = await states.running();
    const completed = await states.completed();
    const ids = [running, completed, freeId, "nonsense"];

    const answer = await batch("kill", { invocation_ids: ids });

    expect(answer.status).toBe(200);
    expect(answer.json.succeeded).toEqual([running]);
    expect(answer.json.failed.map((one: any) => one.invocation_id)).toEqual(ids.slice(1));
    expect(answer.json.failed[1].error).toContain(freeId);
  });

  test.each([
    ["cancel", "scheduled"],
    ["pause", "running"],
    ["resume", "paused"],
    ["purge", "completed"],
    ["purge-journal", "completed"],
  ] as const)("of %s works", async (name, state) => {
    const ids = [await states[state](), await states[state]()];

    const answer = await batch(name, { invocation_ids: ids });

    expect(answer.json).toEqual({ succeeded: ids, failed: [] });
  });

  test("of restarts names old and new", async () => {
    const id = await states.completed();

    const answer = await batch("restart-as-new", { invocation_ids: [id], deployment: "keep" });

    expect(answer.json.succeeded).toEqual([
      { old_invocation_id: id, new_invocation_id: expect.stringMatching(/^inv_1/) },
    ]);
  });

  test("of more than 1000 is refused", async () => {
    const answer = await batch("cancel", { invocation_ids: Array(1_001).fill(freeId) });
    const atMost = await batch("cancel", { invocation_ids: Array(1_000).fill(freeId) });

    expect(answer.status).toBe(400);
    expect(atMost.json.failed).toHaveLength(1_000);
  });
});
