import { expect, test } from "vitest";
import { startAdmin } from "../admin.fixture.js";
import { perdure } from "../cli.fixture.js";

const counter = {
  name: "Counter",
  ty: "VirtualObject",
  revision: 2,
  deployment_id: "dp_1",
  public: true,
  retry_policy: { max_attempts: 3 },
  handlers: [
    { name: "add", ty: "Exclusive", input_description: "any value", output_description: "none" },
  ],
};

test("services are listed", async () => {
  const admin = await startAdmin(() => ({ body: { services: [counter] } }));

  const { out } = await perdure(["services", "list", "--admin-url", admin.url]);

  expect(admin.requests[0]?.line).toBe("GET /services");
  expect(out.split("\n")).toEqual([
    "SERVICE  TYPE    REVISION  HANDLERS",
    "Counter  object  2         add",
  ]);
});

test("where there is none, how to get some is told", async () => {
  const admin = await startAdmin(() => ({ body: { services: [] } }));

  const { out, err } = await perdure(["svc", "ls", "--admin-url", admin.url]);

  expect(out).toBe("");
  expect(err).toContain("perdure deployments register");
});

test("one is shown with its options and handlers", async () => {
  const admin = await startAdmin(() => ({ body: counter }));

  const { out } = await perdure(["services", "describe", "Counter", "--admin-url", admin.url]);

  expect(out.split("\n")).toEqual([
    "name           Counter",
    "ty             VirtualObject",
    "revision       2",
    "deployment id  dp_1",
    "public         true",
    'retry policy   {"max_attempts":3}',
    "",
    "HANDLER  TYPE       INPUT      OUTPUT",
    "add      Exclusive  any value  none",
  ]);
});

test("its OpenAPI description is printed", async () => {
  const admin = await startAdmin(() => ({ body: { openapi: "3.1.0" } }));

  const { out } = await perdure(["services", "openapi", "A.b", "--admin-url", admin.url]);

  expect(admin.requests[0]?.line).toBe("GET /services/A.b/openapi");
  expect(JSON.parse(out)).toEqual({ openapi: "3.1.0" });
});
