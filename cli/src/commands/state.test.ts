import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { startAdmin } from "../admin.fixture.js";
import { perdure, temporaryDirectory } from "../cli.fixture.js";

const bytes = (text: string): number[] => [...Buffer.from(text)];
const answer = { state: { count: bytes("3"), tags: bytes('["a"]') }, version: "v1" };

describe("get", () => {
  test("prints all of it as one JSON object", async () => {
    const admin = await startAdmin(() => ({ body: answer }));

    const result = await perdure(["state", "get", "Counter", "a/b", "--admin-url", admin.url]);

    expect(admin.requests[0]?.line).toBe("GET /services/Counter/state/a%2Fb");
    expect(JSON.parse(result.out)).toEqual({ count: 3, tags: ["a"] });
    expect(result).toMatchObject({ status: 0, err: "version v1" });
  });

  test("prints base64 where asked to, and the version with --json", async () => {
    const admin = await startAdmin(() => ({ body: answer }));
    const env = { PERDURE_ADMIN_URL: admin.url };

    const { out } = await perdure(
      ["kv", "get", "Counter", "k", "--binary", "--json", "--scope", "s 1"],
      env,
    );

    expect(admin.requests[0]?.line).toBe("GET /services/Counter/state/k?scope=s+1");
    expect(JSON.parse(out)).toEqual({ state: { count: "Mw==", tags: "WyJhIl0=" }, version: "v1" });
  });

  test("says which value is no JSON", async () => {
    const state = { raw: [255, 0] };
    const admin = await startAdmin(() => ({ body: { state, version: "v1" } }));

    const result = await perdure(["state", "get", "Counter", "k", "--admin-url", admin.url]);

    expect(result).toMatchObject({ status: 1, out: "" });
    expect(result.err).toMatch(/PDR5210.*"raw".*--binary/);
  });
});

describe("set", () => {
  test("replaces all of it", async () => {
    const admin = await startAdmin(() => ({ status: 202, body: "" }));
    const env = { PERDURE_ADMIN_URL: admin.url };
    const state = '{"count": 4, "name": "é"}';

    const result = await perdure(
      ["state", "set", "Counter", "k", state, "--scope", "s", "--if-version", "v1"],
      env,
    );

    expect(result).toMatchObject({ status: 0, out: "" });
    expect(result.err).toContain("Counter/k becomes 2 values");
    expect(admin.requests[0]?.line).toBe("POST /services/Counter/state");
    expect(JSON.parse(admin.requests[0]?.body ?? "")).toEqual({
      object_key: "k",
      new_state: { count: bytes("4"), name: bytes('"é"') },
      scope: "s",
      version: "v1",
    });
  });

  test("reads a file, and base64", async () => {
    const admin = await startAdmin(() => ({ status: 202, body: "" }));
    const env = { PERDURE_ADMIN_URL: admin.url };
    const file = path.join(temporaryDirectory(), "state.json");
    writeFileSync(file, '{"raw":"/wA="}');

    const args = ["state", "set", "Counter", "k", "--file", file, "--binary"];
    const { status } = await perdure(args, env);

    expect(status).toBe(0);
    expect(JSON.parse(admin.requests[0]?.body ?? "").new_state).toEqual({ raw: [255, 0] });
  });

  test.each([
    [["{"], /PDR5210/],
    [["[]"], /PDR5210.*object/],
    [['{"a":1}', "--binary"], /PDR5210.*"a"/],
    [[], /PDR5201.*--file/],
    [["{}", "--file", "x"], /PDR5201.*one of them/],
    [["--file", "not-there.json"], /PDR5201.*not-there/],
  ])("%j is refused before anyone is asked", async (args, told) => {
    const admin = await startAdmin(() => ({ body: "" }));
    const env = { PERDURE_ADMIN_URL: admin.url };

    const { status, err } = await perdure(["state", "set", "Counter", "k", ...args], env);

    expect(status).toBe(1);
    expect(err).toMatch(told);
    expect(admin.requests).toEqual([]);
  });
});
