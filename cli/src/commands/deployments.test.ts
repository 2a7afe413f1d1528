import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { startAdmin, unusedUrl } from "../admin.fixture.js";
import { perdure, temporaryDirectory } from "../cli.fixture.js";

const registered = {
  id: "dp_1abc",
  services: [
    {
      name: "SignupWorkflow",
      ty: "Workflow",
      revision: 1,
      handlers: [{ name: "run" }, { name: "verifyEmail" }],
    },
    { name: "Counter", ty: "VirtualObject", revision: 12, handlers: [{ name: "add" }] },
    { name: "Mailer", ty: "Service", revision: 1, handlers: [] },
  ],
  min_protocol_version: 1,
  max_protocol_version: 1,
  info: [],
};
const table = [
  "SERVICE         TYPE      REVISION  HANDLERS",
  "SignupWorkflow  workflow  1         run, verifyEmail",
  "Counter         object    12        add",
  "Mailer          service   1",
].join("\n");

const details = {
  ...registered,
  uri: "http://localhost:9080/",
  created_at: "2026-11-21T08:00:00.000Z",
  sdk_version: "perdure/0.1.0",
};

describe("register", () => {
  test("posts the address and prints what is offered", async () => {
    const admin = await startAdmin(() => ({ status: 201, body: registered }));

    const result = await perdure([
      "deployments",
      "register",
      "http://localhost:9080",
      "--admin-url",
      admin.url,
    ]);

    expect(result).toEqual({
      status: 0,
      out: table,
      err: "Registered http://localhost:9080 as dp_1abc, with 3 services",
    });
    expect(admin.requests).toEqual([
      {
        line: "POST /deployments",
        contentType: "application/json",
        body: '{"uri":"http://localhost:9080","force":false,"dry_run":false}',
      },
    ]);
  });

  test.each([
    [
      200,
      [],
      "was registered before, as dp_1abc: nothing changed",
      { force: false, dry_run: false },
    ],
    [200, ["--force"], "Discovered http://localhost:9080 again", { force: true, dry_run: false }],
    [201, ["--dry-run"], "Nothing was registered", { force: false, dry_run: true }],
  ])("with status %d and %j says what happened", async (status, flags, told, sent) => {
    const admin = await startAdmin(() => ({ status, body: registered }));
    const env = { PERDURE_ADMIN_URL: admin.url };

    const result = await perdure(["deployments", "register", "localhost:9080", ...flags], env);

    expect(result).toMatchObject({ status: 0, out: table, err: expect.stringContaining(told) });
    expect(JSON.parse(admin.requests[0]?.body ?? "")).toEqual({
      uri: "http://localhost:9080",
      ...sent,
    });
  });

  test("hands on how the endpoint is to be talked to", async () => {
    const admin = await startAdmin(() => ({ status: 201, body: registered }));
    const env = { PERDURE_ADMIN_URL: admin.url };
    const flags = ["--strict", "--use-http1.1", "--request-response"];
    const headers = ["--extra-header", "x-key=a=b", "--extra-header", "x-empty="];

    await perdure(["deployments", "register", "http://h:1", ...flags, ...headers], env);

    expect(JSON.parse(admin.requests[0]?.body ?? "")).toEqual({
      uri: "http://h:1",
      force: false,
      dry_run: false,
      strict: true,
      use_http_11: true,
      request_response: true,
      additional_headers: { "x-key": "a=b", "x-empty": "" },
    });
  });

  test("takes no header without a value", async () => {
    const args = ["deployments", "register", "http://h:1", "--extra-header", "x-key"];

    const { status, err } = await perdure(args);

    expect(status).toBe(1);
    expect(err).toMatch(/PDR5201.*name=value/);
  });

  test("notes what callers will notice", async () => {
    const info = [{ message: "handler Counter/get is not offered any more", code: "PDR4207" }];
    const admin = await startAdmin(() => ({ status: 201, body: { ...registered, info } }));

    const { err } = await perdure(["dp", "register", "http://h:1", "--admin-url", admin.url]);

    expect(err.split("\n")[1]).toBe("Note: handler Counter/get is not offered any more");
  });

  test("tells every difference, what breaks first", async () => {
    const change = { kind: "changed", breaks_callers: false, breaks_running: false };
    const changes = [
      { ...change, kind: "added", text: "handler Counter/get is new" },
      { ...change, breaks_running: true, text: "the steps of Counter/add changed" },
      { ...change, breaks_callers: true, breaks_running: true, text: "service A is not offered" },
    ];
    const body = {
      ...registered,
      info: [{ message: "in other words" }],
      manifest_changes: changes,
    };
    const admin = await startAdmin(() => ({ status: 201, body }));

    const { err } = await perdure(["dp", "register", "http://h:1", "--admin-url", admin.url]);

    expect(err.split("\n").slice(1)).toEqual([
      "Breaks invocations in flight: the steps of Counter/add changed",
      "Breaks callers and invocations in flight: service A is not offered",
      "Added: handler Counter/get is new",
    ]);
  });

  test("sends the manifest of a file", async () => {
    const admin = await startAdmin(() => ({ status: 201, body: registered }));
    const cwd = temporaryDirectory();
    writeFileSync(path.join(cwd, "manifest.json"), '{"contentHash":"sha256:1"}');
    const args = ["dp", "register", "http://h:1", "--manifest", "manifest.json"];

    await perdure(args, { PERDURE_ADMIN_URL: admin.url }, cwd);

    expect(JSON.parse(admin.requests[0]?.body ?? "")).toMatchObject({
      manifest: { contentHash: "sha256:1" },
    });
  });

  test.each([
    ["that is not there", undefined],
    ["that is no JSON", "<<<<<<<"],
    ["that is no object", "[]"],
  ])("takes no manifest %s", async (_what, content) => {
    const cwd = temporaryDirectory();
    if (content !== undefined) writeFileSync(path.join(cwd, "m.json"), content);

    const { status, err } = await perdure(
      ["dp", "register", "http://h:1", "--manifest", "m.json"],
      {},
      cwd,
    );

    expect([status, err]).toEqual([1, expect.stringMatching(/^perdure: PDR5213: m\.json is no/)]);
  });

  test("prints the answer as JSON when asked to", async () => {
    const admin = await startAdmin(() => ({ status: 201, body: registered }));
    const env = { PERDURE_ADMIN_URL: admin.url };

    const { out } = await perdure(["deployments", "register", "http://h:1", "--json"], env);

    expect(JSON.parse(out)).toEqual(registered);
  });

  test.each([
    [
      { message: "it can't be reached", restate_code: "META0003", errorCode: "PDR2001" },
      "PDR2001: it can't be reached (META0003)",
    ],
    [{ message: "no", restate_code: null }, "PDR5203: HTTP 500 from URL: no"],
  ])("tells the server's refusal %j with its code", async (body, told) => {
    const admin = await startAdmin(() => ({ status: 500, body }));
    const env = { PERDURE_ADMIN_URL: admin.url };

    const result = await perdure(["deployments", "register", "http://h:1"], env);

    expect(result).toEqual({
      status: 1,
      out: "",
      err: `perdure: ${told.replace("URL", admin.url)}`,
    });
  });
});

describe("list", () => {
  test("prints a line for each deployment", async () => {
    const other = { ...details, id: "dp_1defgh", uri: "http://h:1/", services: [] };
    const draining = { ...details, status: "draining", pinned_invocations: 3 };
    const admin = await startAdmin(() => ({ body: { deployments: [draining, other] } }));

    const result = await perdure(["deployments", "list", "--admin-url", admin.url]);

    expect(admin.requests[0]?.line).toBe("GET /deployments?include=status");
    expect(result).toMatchObject({ status: 0, err: "" });
    expect(result.out.split("\n")).toEqual([
      "ID         ADDRESS                 CREATED                   STATUS    PINNED  SERVICES",
      "dp_1abc    http://localhost:9080/  2026-11-21T08:00:00.000Z  draining  3       SignupWorkflow, Counter, Mailer",
      "dp_1defgh  http://h:1/             2026-11-21T08:00:00.000Z",
    ]);
  });

  test("says how to register one where there is none; as JSON it is an empty list", async () => {
    const admin = await startAdmin(() => ({ body: { deployments: [] } }));
    const env = { PERDURE_ADMIN_URL: admin.url };

    const talk = await perdure(["deployments", "list"], env);
    const json = await perdure(["deployments", "list", "--json"], env);

    expect(talk).toMatchObject({ status: 0, out: "" });
    expect(talk.err).toContain("perdure deployments register");
    expect(json).toEqual({ status: 0, out: "[]", err: "" });
  });
});

describe("remove", () => {
  test.each([
    [[], "DELETE /deployments/dp_1"],
    [["--force"], "DELETE /deployments/dp_1?force=true"],
  ])("%j asks for it", async (flags, line) => {
    const admin = await startAdmin(() => ({ status: 202, body: "" }));
    const env = { PERDURE_ADMIN_URL: admin.url };

    const result = await perdure(["deployments", "remove", "dp_1", ...flags], env);

    expect(result).toEqual({ status: 0, out: "", err: "Removed dp_1" });
    expect(admin.requests.map((request) => request.line)).toEqual([line]);
  });

  test("tells why not", async () => {
    const body = { message: "deployment dp_1 is in use", restate_code: null, errorCode: "PDR4210" };
    const admin = await startAdmin(() => ({ status: 409, body }));

    const result = await perdure(["dp", "rm", "dp_1", "--admin-url", admin.url]);

    expect(result).toMatchObject({
      status: 1,
      err: "perdure: PDR4210: deployment dp_1 is in use",
    });
  });
});

describe.each(["describe", "get"])("%s", (command) => {
  test("prints one deployment and what it offers", async () => {
    const admin = await startAdmin(() => ({ body: details }));

    const { out } = await perdure(["deployments", command, "dp_1/x", "--admin-url", admin.url]);

    expect(admin.requests[0]?.line).toBe("GET /deployments/dp_1%2Fx");
    expect(out).toBe(
      [
        "id        dp_1abc",
        "address   http://localhost:9080/",
        "created   2026-11-21T08:00:00.000Z",
        "protocol  version 1",
        "sdk       perdure/0.1.0",
        "",
        table,
      ].join("\n"),
    );
  });
});

describe("the admin port", () => {
  test("of the flag wins over the environment's", async () => {
    const admin = await startAdmin(() => ({ body: { deployments: [] } }));
    const env = { PERDURE_ADMIN_URL: await unusedUrl() };
    const address = admin.url.replace("http://", "");

    const { status } = await perdure(["deployments", "list", "--admin-url", address], env);

    expect(status).toBe(0);
  });

  test("is named when nobody answers there, with how to start one", async () => {
    const url = await unusedUrl();

    const { status, err } = await perdure(["deployments", "list"], { PERDURE_ADMIN_URL: url });

    expect(status).toBe(1);
    expect(err).toBe(
      `perdure: PDR5202: no answer from the admin port at ${url} (ECONNREFUSED). Start a server with: ` +
        "npx perdure server; or name another with --admin-url or PERDURE_ADMIN_URL",
    );
  });

  test.each([
    ["HTML", { status: 404, body: "<html>" }, "it answered with HTTP 404"],
    ["another form", { body: { deployments: [{ id: 5 }] } }, "its answer has another form"],
    [
      "the ingress's error",
      { status: 400, body: { code: 400, message: "bad path", source: "ingress" } },
      "that is an ingress",
    ],
  ])("is doubted when %s comes back", async (_what, answer, told) => {
    const admin = await startAdmin(() => answer);

    const { status, err } = await perdure(["deployments", "list", "--admin-url", admin.url]);

    expect(status).toBe(1);
    expect(err).toContain(`PDR5204: what answers at ${admin.url} is no admin port of Perdure`);
    expect(err).toContain(told);
  });

  test.each(["ftp://h", "http://", "http://h?x", "h:x"])("can't be at %j", async (url) => {
    const { status, err } = await perdure(["deployments", "list", "--admin-url", url]);

    expect(status).toBe(1);
    expect(err).toContain(`perdure: PDR5205: "${url}"`);
  });
});
