// Brings a server into every state that work can be in, at once, and says how each is to end. Used by record.ts; what
// it does may change from version to version, for what is recorded brings its own expectations along.

import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess } from "../harness/services-process.js";
import { until } from "../harness/until.js";
import { shortened, type Act, type Answered, type Recorded } from "./archives.js";

export interface Filled {
  readonly invocations: readonly Recorded[];
  readonly answers: readonly Answered[];
}

interface Sending {
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** To wait for. */
  readonly status: string;
  readonly acts?: readonly Act[];
  readonly ends: unknown;
  readonly endStatus?: number;
}

/**
 * @param mark  part of keys, so that one server can be filled several times
 * @param second  other code of DataVersioned, registered in between
 */
export async function fill(
  server: ServerProcess,
  mark: string,
  second: ServicesProcess | undefined,
): Promise<Filled> {
  const invocations: Recorded[] = [];
  const answers: Answered[] = [];
  const { ingress, admin } = server;

  async function send(name: string, sending: Sending): Promise<string> {
    const { path, body, headers = {}, status, acts = [], ends, endStatus = 200 } = sending;
    const sent = await ingress.post(path, body, { headers });
    if (sent.status !== 202) throw new Error(`${name}: ${sent.text}`);
    const id = sent.json.invocationId as string;
    await until(`${name} (${id}) is ${status}`, async () => {
      return (await admin.get(`/invocations/${id}`)).json.status === status;
    });
    invocations.push({
      name: `${name} (${mark})`,
      id,
      status,
      acts,
      ends: { status: endStatus, body: ends },
    });
    return id;
  }
  const work = (handler: string): string => `/restate/send/DataWork/${handler}`;
  const cell = (key: string, handler: string): string =>
    `/restate/send/DataCell/${mark}-${key}/${handler}`;
  const stateOf = async (key: string): Promise<Record<string, any>> => {
    const { json } = await admin.get(`/services/DataCell/state/${mark}-${key}`);
    const state = Object.entries(json.state as Record<string, number[]>);
    return Object.fromEntries(
      state.map(([name, bytes]) => [name, JSON.parse(Buffer.from(bytes).toString())]),
    );
  };
  const answered = (path: string, answers_: unknown, extra: object = {}): void => {
    answers.push({ path, answers: answers_, ...extra });
  };

  await send("running, with recorded steps", {
    path: work("runs"),
    status: "running",
    ends: ["then", "then", "now"],
  });

  const input = { text: "é\u0000😀", large: "y".repeat(50_000) };
  const whole = shortened({ input, step: "then" });
  const headers = { "idempotency-key": `${mark}-done` };
  await send("completed under an idempotency key, and kept", {
    path: work("completes"),
    body: input,
    headers,
    status: "completed",
    ends: whole,
  });
  answered("/restate/call/DataWork/completes", whole, { body: "another", headers });

  await send("failed for good, and kept", {
    path: work("fails"),
    status: "completed",
    ends: failure(418, "no"),
    endStatus: 418,
  });
  await send("sleeping", { path: work("sleeps"), status: "suspended", ends: ["then", "now"] });
  await send("backing off", {
    path: work("backsOff"),
    status: "backing-off",
    ends: ["then", "now"],
  });
  await send("paused", {
    path: work("pauses"),
    status: "paused",
    acts: [{ do: "verb", verb: "resume" }],
    ends: ["then", "now"],
  });
  await send("scheduled", {
    path: `${work("completes")}?delay=60s`,
    body: "late",
    status: "scheduled",
    ends: { input: "late", step: "now" },
  });

  const signalled = await send("waiting for the second of two signals", {
    path: work("signalled"),
    status: "suspended",
    ends: ["early", "then", "late"],
  });
  await ingress.post("/restate/call/DataWork/signals", [signalled, "early"]);
  const late: Act = {
    do: "call",
    path: "/restate/call/DataWork/signals",
    body: [signalled, "late"],
  };
  amend({ acts: [late] });
  await until("the first signal was taken", async () => {
    const { json } = await admin.get(`/invocations/${signalled}/journal`);
    return JSON.stringify(json).includes("between");
  });

  await send("waiting for an awakeable, in a race with a time that never comes", {
    path: cell("awaits", "awaits"),
    status: "suspended",
    ends: ["then", "woken"],
  });
  const { awakeable } = await stateOf("awaits");
  amend({ acts: [{ do: "resolve awakeable", id: awakeable, with: "woken" }] });

  await send("the holder of a key", {
    path: cell("queue", "holds"),
    status: "running",
    ends: ["then", "now"],
  });
  for (const [at, item] of ["first", "second", "third"].entries()) {
    await send(`in the inbox of a key, as the ${item}`, {
      path: cell("queue", "add"),
      body: item,
      status: "pending",
      ends: at + 2,
    });
  }
  answered(`/restate/call/DataCell/${mark}-queue/all`, {
    items: ["held", "first", "second", "third"],
  });

  const limited = await admin.send("/limits/rules", {
    method: "PUT",
    json: [{ pattern: mark, limits: { concurrency: 1 } }],
  });
  if (limited.status !== 200) throw new Error(limited.text);
  const inScope = `/restate/scope/${mark}/send/DataWork/runs`;
  await send("running within a limit", {
    path: inScope,
    headers: { "x-restate-limit-key": "gold" },
    status: "running",
    ends: ["then", "then", "now"],
  });
  for (const limitKey of ["gold", "silver"]) {
    await send(`in the queue of the limit key ${limitKey}`, {
      path: inScope,
      headers: { "x-restate-limit-key": limitKey },
      status: "pending",
      ends: ["now", "now", "now"],
    });
  }

  await send("waiting for its callee", {
    path: work("calls"),
    body: `${mark}-called`,
    status: "suspended",
    ends: [1, ["then", "now"]],
  });
  answered(`/restate/call/DataCell/${mark}-called/all`, { items: [`${mark}-called of a caller`] });
  await send("ended, but has sent what begins later", {
    path: work("sends"),
    body: `${mark}-sent`,
    status: "completed",
    ends: "then",
  });
  const asleep = await send("sleeping, with one that waits for its result", {
    path: work("sleeps"),
    status: "suspended",
    ends: ["then", "now"],
  });
  await send("attached to another", {
    path: work("attaches"),
    body: asleep,
    status: "suspended",
    ends: ["then", "now"],
  });

  const compensating = await send("cancelled, and undoing what it did", {
    path: work("compensates"),
    status: "suspended",
    ends: ["then", "then", "now"],
  });
  await admin.send(`/invocations/${compensating}/cancel`, { method: "PATCH" });
  await until("it undoes what it did", async () => {
    const { json } = await admin.get(`/invocations/${compensating}/journal`);
    return JSON.stringify(json).includes('"release"');
  });
  await send("to be cancelled", {
    path: work("waits"),
    status: "suspended",
    acts: [{ do: "verb", verb: "cancel" }],
    ends: failure(409, "Cancelled"),
    endStatus: 409,
  });
  await send("to be killed", {
    path: work("waits"),
    status: "suspended",
    acts: [{ do: "verb", verb: "kill" }],
    ends: failure(409, "killed"),
    endStatus: 409,
  });

  const flow = (verb: string, handler: string): string =>
    `/restate/${verb}/DataFlow/${mark}/${handler}`;
  await send("a workflow between two promises", {
    path: flow("send", "run"),
    body: "Ada",
    status: "suspended",
    acts: [{ do: "call", path: flow("call", "resolve"), body: "late" }],
    ends: ["Ada", "then", "early was resolved", "late was resolved"],
  });
  await ingress.post(flow("call", "resolve"), "early");
  await until("the workflow is beyond the first promise", async () => {
    return (await ingress.post(flow("call", "stage"))).json === "half";
  });
  answered(flow("call", "stage"), "done");
  const ended = `/restate/send/DataFlow/${mark}-ended`;
  for (const promise of ["early", "late"]) {
    await ingress.post(`/restate/call/DataFlow/${mark}-ended/resolve`, promise);
  }
  await send("a workflow that has ended, and is kept", {
    path: `${ended}/run`,
    body: "Bob",
    status: "completed",
    ends: ["Bob", "then", "early was resolved", "late was resolved"],
  });
  answered(`/restate/call/DataFlow/${mark}-ended/stage`, "done");

  await send("an object with much state", {
    path: cell("state", "fill"),
    body: 50,
    status: "completed",
    ends: "",
  });
  answered(`/restate/call/DataCell/${mark}-state/all`, shortened(await stateOf("state")));

  if (second !== undefined) {
    const versioned = "/restate/send/DataVersioned/sleeps";
    await send("pinned to the first revision", {
      path: versioned,
      status: "suspended",
      ends: ["first revision", "then"],
    });
    await server.register(second.url);
    await send("on the second revision", {
      path: versioned,
      status: "suspended",
      ends: ["second revision", "then"],
    });
  }
  return { invocations, answers };

  /** What is only known once the last one is there. */
  function amend(more: Partial<Recorded>): void {
    const last = invocations.pop();
    if (last !== undefined) invocations.push({ ...last, ...more });
  }
}

/** The members of an error's body that stay the same in every release. */
function failure(code: number, message: string): object {
  return { code, message };
}
