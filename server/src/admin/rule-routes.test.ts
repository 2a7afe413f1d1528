import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startedAdmin, type Admin, type Asked } from "./admin.fixture.js";

let admin: Admin;
beforeAll(async () => {
  admin = await startedAdmin();
});
afterAll(() => admin.close());

beforeEach(async () => {
  const all = (await rules()).map(({ pattern }) => ({ pattern }));
  await admin.ask("POST", "/limits/rules/bulk-delete", all);
});

const put = (...changes: unknown[]): Promise<Asked> => admin.ask("PUT", "/limits/rules", changes);

async function rules(): Promise<{ pattern: string; version: number }[]> {
  return (await admin.ask("GET", "/limits/rules")).json;
}

test("rules are put, changed, listed and removed, and their versions rise", async () => {
  const before = Date.now();
  const first = await put({ pattern: "checkout", limits: { concurrency: 50 } });
  const second = await put(
    { pattern: "checkout", limits: {}, description: "off for now", disabled: true },
    { pattern: "checkout/*", limits: { concurrency: 2 } },
  );
  await admin.restart();
  const listed = await rules();
  const removed = await admin.ask("POST", "/limits/rules/bulk-delete", [
    { pattern: "checkout" },
    { pattern: "nothing" },
  ]);

  expect(first).toMatchObject({
    status: 200,
    json: [{ pattern: "checkout", limits: { concurrency: 50 }, disabled: false, version: 1 }],
  });
  expect(first.json[0].last_modified_millis_since_epoch).toBeGreaterThanOrEqual(before - 1);
  expect(second.json).toMatchObject([
    { pattern: "checkout", limits: {}, description: "off for now", disabled: true, version: 2 },
    { pattern: "checkout/*", limits: { concurrency: 2 }, version: 1 },
  ]);
  expect(listed).toEqual(second.json);
  expect(removed).toMatchObject({ status: 200, json: ["checkout"] });
  expect((await rules()).map(({ pattern }) => pattern)).toEqual(["checkout/*"]);
});

test("rules are the same where there are fewer partitions", async () => {
  const small = await startedAdmin({ partitions: "1" });

  const answer = await small.ask("PUT", "/limits/rules", [{ pattern: "a", limits: {} }]);
  await small.restart();
  const { json } = await small.ask("GET", "/limits/rules");
  await small.close();

  expect(answer.status).toBe(200);
  expect(json).toEqual(answer.json);
});

describe("a precondition", () => {
  test("that does not hold is 409, and nothing of the request happens", async () => {
    await put({ pattern: "a", limits: {} });

    const answers = await Promise.all([
      put({ pattern: "b", limits: {} }, doesNotExist("a")),
      put({ pattern: "b", limits: {} }, matches("a", 7)),
      put({ pattern: "b", limits: {} }, matches("c", 1)),
      admin.ask("POST", "/limits/rules/bulk-delete", [{ pattern: "a", expected_version: 2 }]),
    ]);

    expect(answers.map(({ status }) => status)).toEqual([409, 409, 409, 409]);
    for (const { json } of answers) expect(json.errorCode).toBe("PDR4211");
    expect(await rules()).toMatchObject([{ pattern: "a", version: 1 }]);
  });

  test("that holds is no obstacle", async () => {
    const answers = [
      await put(doesNotExist("a")),
      await put(matches("a", 1)),
      await put({ pattern: "a", precondition: { type: "none" } }),
      await admin.ask("POST", "/limits/rules/bulk-delete", [{ pattern: "a", expected_version: 3 }]),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });

  const doesNotExist = (pattern: string): object => ({
    pattern,
    limits: { concurrency: 1 },
    precondition: { type: "does_not_exist" },
  });
  const matches = (pattern: string, version: number): object => ({
    pattern,
    limits: { concurrency: 1 },
    precondition: { type: "matches", version },
  });
});

describe("what is refused", () => {
  test.each<readonly [unknown, number, string, string]>([
    [{}, 400, "PDR4001", "array"],
    [[1], 400, "PDR4001", "rule 1"],
    [[{ limits: {} }], 400, "PDR4002", '"pattern"'],
    [[{ pattern: "a", limits: [] }], 400, "PDR4001", '"limits"'],
    [[{ pattern: "a", limits: { concurrency: -1 } }], 400, "PDR4002", '"concurrency"'],
    [[{ pattern: "a", limits: { concurrency: "5" } }], 400, "PDR4002", '"concurrency"'],
    [[{ pattern: "a", limits: { concurrency: 0 } }], 400, "PDR4213", "limits to 0"],
    [[{ pattern: "a", disabled: 1 }], 400, "PDR4002", '"disabled"'],
    [[{ pattern: "a", precondition: { type: "maybe" } }], 400, "PDR4002", '"maybe"'],
    [[{ pattern: "a", precondition: { type: "matches" } }], 400, "PDR4002", '"version"'],
    [[{ pattern: "a" }, { pattern: "a" }], 400, "PDR4213", "twice"],
    [[{ pattern: "a/b/c/d" }], 400, "PDR4213", "a/b/c/d"],
    [[{ pattern: "" }], 400, "PDR4213", "pattern"],
    [[{ pattern: "a//b" }], 400, "PDR4213", "a//b"],
    [[{ pattern: "a*" }], 400, "PDR4213", "a*"],
    [[{ pattern: "ä" }], 400, "PDR4213", "ä"],
    [[{ pattern: "a".repeat(37) }], 400, "PDR4213", "36"],
  ])("%j is %d", async (body, status, errorCode, said) => {
    const answer = await admin.ask("PUT", "/limits/rules", body);

    expect(answer).toMatchObject({ status, json: { errorCode } });
    expect(answer.json.message).toContain(said);
    expect(await rules()).toEqual([]);
  });
});
