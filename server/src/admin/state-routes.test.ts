import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  object,
  service,
  startedAdmin,
  startedEndpoint,
  type Admin,
  type Asked,
  type Endpoint,
} from "./admin.fixture.js";

let admin: Admin;
let endpoint: Endpoint;

beforeAll(async () => {
  [admin, endpoint] = await Promise.all([
    startedAdmin(),
    startedEndpoint(object("Counter", { name: "add" }), service("Greeter", { name: "greet" })),
  ]);
  await admin.ask("POST", "/deployments", { uri: endpoint.url });
});
afterAll(async () => {
  await Promise.all([admin.close(), endpoint.close()]);
});

function put(objectKey: string, state: object, more: object = {}): Promise<Asked> {
  const body = { object_key: objectKey, new_state: state, ...more };
  return admin.ask("POST", "/services/Counter/state", body);
}

async function stateOf(key: string, query = ""): Promise<any> {
  const { status, json } = await admin.ask("GET", `/services/Counter/state/${key}${query}`);
  expect(status).toBe(200);
  return json;
}

const bytes = (text: string): number[] => [...Buffer.from(text)];

test("all of it is replaced at once, and it is there after a restart", async () => {
  const answer = await put("a b/c", { one: [1], two: bytes("2") });
  await put("a b/c", { three: [], "": [0, 255] });
  await admin.restart();

  expect(answer).toMatchObject({ status: 202, text: "" });
  expect((await stateOf("a%20b%2Fc")).state).toEqual({ "": [0, 255], three: [] });
  expect((await stateOf("other")).state).toEqual({});
});

test("scopes keep it apart", async () => {
  await put("k", { in: [1] }, { scope: "s1" });

  expect((await stateOf("k")).state).toEqual({});
  expect((await stateOf("k", "?scope=s1")).state).toEqual({ in: [1] });
});

describe("the version", () => {
  test.each([
    [{}, "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"],
    [{ name: "bob" }, "tDqA04Lj3_qJ-PgNPTecXDGZgpwy6jm2Ni2BYqJIthM"],
    [{ b: "bbb", a: "aaa" }, "RVM17P6x18Wp-JnzQ01BzmqCvhAunTOQI_az6Px3Zyk"],
  ])("of %j is what the field's tools make it", async (state, version) => {
    const key = `v${version}`;
    await put(
      key,
      Object.fromEntries(Object.entries(state).map(([name, value]) => [name, bytes(value)])),
    );

    expect((await stateOf(key)).version).toBe(version);
  });

  test("decides whether the state is replaced, without a word", async () => {
    await put("versioned", { n: [1] });
    const { version } = await stateOf("versioned");
    const stale = createHash("sha256").update("no").digest("base64url");

    const refused = await put("versioned", { n: [2] }, { version: stale });
    const then = await stateOf("versioned");
    await put("versioned", { n: [3] }, { version });

    expect(refused.status).toBe(202);
    expect(then.state).toEqual({ n: [1] });
    expect((await stateOf("versioned")).state).toEqual({ n: [3] });
  });
});

describe("what is refused", () => {
  const key = { object_key: "k" };
  test.each<readonly [string, object, number, string, string]>([
    ["Gone", { ...key, new_state: { a: [] } }, 404, "PDR4024", '"Gone"'],
    ["Greeter", { ...key, new_state: {} }, 400, "PDR4026", '"Greeter"'],
    ["Counter", { new_state: {} }, 400, "PDR4002", '"object_key"'],
    ["Counter", key, 400, "PDR4002", '"new_state"'],
    ["Counter", { ...key, new_state: [] }, 400, "PDR4001", '"new_state"'],
    ["Counter", { ...key, new_state: { n: "text" } }, 400, "PDR4002", '"n"'],
    ["Counter", { ...key, new_state: { n: [256] } }, 400, "PDR4002", '"n"'],
    ["Counter", { ...key, new_state: { n: [1.5] } }, 400, "PDR4002", '"n"'],
    ["Counter", { ...key, new_state: {}, scope: "a/b" }, 400, "PDR4002", '"scope"'],
    ["Counter", { ...key, new_state: {}, version: 1 }, 400, "PDR4002", '"version"'],
    ["Counter", { object_key: "k".repeat(513), new_state: {} }, 400, "PDR4002", "513"],
    ["Counter", { ...key, new_state: { ["n".repeat(513)]: [] } }, 400, "PDR4002", "513"],
  ])("%s with %j is %d", async (name, body, status, errorCode, said) => {
    const answer = await admin.ask("POST", `/services/${name}/state`, body);

    expect(answer).toMatchObject({ status, json: { errorCode } });
    expect(answer.json.message).toContain(said);
  });

  test("is a key that the store writes longer than it is: one of zeros", async () => {
    const state = { ["\0".repeat(512)]: [] };
    const answer = await put("\0".repeat(512), state);

    expect(answer).toMatchObject({ status: 400, json: { errorCode: "PDR4002" } });
    expect(answer.json.message).toContain("1024");
  });

  test("is not what a service left behind when it went: it can be seen and cleared", async () => {
    const leaving = await startedEndpoint(object("Leaving", { name: "add" }));
    const registered = await admin.ask("POST", "/deployments", { uri: leaving.url });
    const path = "/services/Leaving/state";
    await admin.ask("POST", path, { object_key: "k", new_state: { left: [1] } });
    await admin.ask("DELETE", `/deployments/${registered.json.id}?force=true`);
    await leaving.close();

    const seen = await admin.ask("GET", `${path}/k`);
    const cleared = await admin.ask("POST", path, { object_key: "k", new_state: {} });
    const then = await admin.ask("GET", `${path}/k`);

    expect(seen.json.state).toEqual({ left: [1] });
    expect(cleared.status).toBe(202);
    expect(then).toMatchObject({ status: 404, json: { errorCode: "PDR4024" } });
  });

  test("is the state of a plain service, or of none", async () => {
    const plain = await admin.ask("GET", "/services/Greeter/state/k");
    const none = await admin.ask("GET", "/services/Nobody/state/k");

    expect([plain.status, none.status]).toEqual([400, 404]);
  });
});
