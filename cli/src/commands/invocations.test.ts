import { describe, expect, test } from "vitest";
import { startAdmin } from "../admin.fixture.js";
import { perdure } from "../cli.fixture.js";

const invocation = {
  id: "inv_1a",
  target: "Counter/alice/add",
  status: "backing-off",
  retry_count: 2,
  last_failure: { code: 500, message: "no" },
  scope: null,
};

const batchPath = "/internal/invocations_batch_operations";

describe("one invocation", () => {
  test("is printed with what is known of it", async () => {
    const admin = await startAdmin(() => ({ body: invocation }));

    const result = await perdure(["inv", "describe", "inv_1a", "--admin-url", admin.url]);

    expect(admin.requests[0]?.line).toBe("GET /invocations/inv_1a");
    expect(result.out.split("\n")).toEqual([
      "id            inv_1a",
      "target        Counter/alice/add",
      "status        backing-off",
      "retry count   2",
      'last failure  {"code":500,"message":"no"}',
    ]);
  });

  test("has a journal that is printed for the testing kit", async () => {
    const journal = { invocation: { id: "inv_1a" }, entries: [{ input: {} }] };
    const admin = await startAdmin(() => ({ body: journal }));

    const { out } = await perdure(["invocations", "journal", "inv_1a", "--admin-url", admin.url]);

    expect(admin.requests[0]?.line).toBe("GET /invocations/inv_1a/journal");
    expect(JSON.parse(out)).toEqual(journal);
  });
});

describe("a verb", () => {
  test.each([
    [["cancel"], "cancel", {}],
    [["cancel", "--kill"], "kill", {}],
    [["kill"], "kill", {}],
    [["pause"], "pause", {}],
    [["resume"], "resume", { deployment: "keep" }],
    [["resume", "--deployment", "latest"], "resume", { deployment: "latest" }],
    [["purge"], "purge", {}],
    [["rm", "--journal"], "purge-journal", {}],
  ])("%j is asked for as one batch", async ([verb = "", ...flags], path, more) => {
    const ids = ["inv_1a", "inv_1b"];
    const admin = await startAdmin(() => ({ body: { succeeded: ids, failed: [] } }));
    const env = { PERDURE_ADMIN_URL: admin.url };

    const result = await perdure(["invocations", verb, ...ids, ...flags], env);

    expect(result).toMatchObject({ status: 0, out: "inv_1a\ninv_1b" });
    expect(result.err).toContain("2 of 2 done");
    expect(admin.requests.map(({ line }) => line)).toEqual([`POST ${batchPath}/${path}`]);
    expect(JSON.parse(admin.requests[0]?.body ?? "")).toEqual({ invocation_ids: ids, ...more });
  });

  test("names those that could not, and fails", async () => {
    const failed = [{ invocation_id: "inv_1b", error: 'invocation "inv_1b" has completed' }];
    const admin = await startAdmin(() => ({ body: { succeeded: ["inv_1a"], failed } }));
    const env = { PERDURE_ADMIN_URL: admin.url };

    const result = await perdure(["invocations", "cancel", "inv_1a", "inv_1b"], env);

    expect(result).toMatchObject({ status: 1, out: "inv_1a" });
    expect(result.err).toBe(
      'inv_1b: invocation "inv_1b" has completed\n' +
        "perdure: PDR5209: cancel: 1 of 2 could not be done; nothing was changed there",
    );
  });

  test("of more than a thousand is asked for in parts", async () => {
    const ids = Array.from({ length: 1_001 }, (_, at) => `inv_1${at}`);
    const admin = await startAdmin(() => ({ body: { succeeded: ["inv_1"], failed: [] } }));

    await perdure(["invocations", "kill", ...ids, "--admin-url", admin.url]);

    const sizes = admin.requests.map(({ body }) => JSON.parse(body).invocation_ids.length);
    expect(sizes).toEqual([1_000, 1]);
  });

  test("without an id is no command", async () => {
    const { status, err } = await perdure(["invocations", "cancel"]);

    expect(status).toBe(1);
    expect(err).toContain("PDR5201");
  });
});

describe("restart", () => {
  test("prints old and new ids", async () => {
    const succeeded = [{ old_invocation_id: "inv_1a", new_invocation_id: "inv_1n" }];
    const admin = await startAdmin(() => ({ body: { succeeded, failed: [] } }));
    const env = { PERDURE_ADMIN_URL: admin.url };

    const result = await perdure(["invocations", "restart", "inv_1a"], env);

    expect(result).toMatchObject({ status: 0, out: "OLD     NEW\ninv_1a  inv_1n" });
    expect(admin.requests[0]?.line).toBe(`POST ${batchPath}/restart-as-new`);
  });

  test("from an entry asks for one after the other, and leaves none out", async () => {
    const refusal = { message: "no entry 3", restate_code: null, errorCode: "PDR4023" };
    const admin = await startAdmin((line) =>
      line.includes("inv_1a")
        ? { status: 400, body: refusal }
        : { body: { new_invocation_id: "inv_1n" } },
    );
    const env = { PERDURE_ADMIN_URL: admin.url };

    const result = await perdure(
      ["inv", "restart-as-new", "inv_1a", "inv_1b", "--from", "3", "--deployment", "keep"],
      env,
    );

    expect(result).toMatchObject({ status: 1, out: "OLD     NEW\ninv_1b  inv_1n" });
    expect(result.err).toMatch(/inv_1a: no entry 3\nperdure: PDR5209/);
    expect(admin.requests.map(({ line }) => line)).toEqual([
      "PATCH /invocations/inv_1a/restart-as-new?from=3&deployment=keep",
      "PATCH /invocations/inv_1b/restart-as-new?from=3&deployment=keep",
    ]);
  });

  test("from something that is no index is refused", async () => {
    const { status, err } = await perdure(["invocations", "restart", "inv_1a", "--from", "-1"]);

    expect(status).toBe(1);
    expect(err).toMatch(/PDR5201.*index/);
  });
});
