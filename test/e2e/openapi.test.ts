// The OpenAPI documents of the admin port: valid for the tools that read them, and true, so that what they describe
// can be asked of the ingress as it stands there.

import { Validator } from "@seriousme/openapi-schema-validator";
import { beforeAll, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Answer } from "../harness/http.js";
import { request } from "../harness/http.js";
import type { ServerProcess } from "../harness/server-process.js";

const bed = useBed("after all");
let server: ServerProcess;

beforeAll(async () => {
  const [started, services] = await Promise.all([
    bed.startServer(),
    bed.startServices({ modules: ["greeter", "described"] }),
  ]);
  server = started;
  await server.register(services.url);
});

function documentOf(service: string): Promise<Answer> {
  return server.admin.get(`/services/${service}/openapi`);
}

/** What a generated client would put into the path of an operation. */
function filled(path: string): string {
  return path
    .replace("{key}", "openapi")
    .replace("{scope}", "s")
    .replace("{invocationId}", `inv_1${"0".repeat(33)}`);
}

test.each(["Greeter", "Counter", "Signup", "Secrets", "Orders"])(
  "the document of %s is valid",
  async (service) => {
    const { status, headers, json } = await documentOf(service);

    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("application/json");
    const { valid, errors } = await new Validator().validate(json);
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  },
);

test("a document has the schemas of its service, and nothing that is private", async () => {
  const { json, text } = await documentOf("Orders");

  expect(json.info).toMatchObject({ title: "Orders", description: "Takes orders." });
  expect(json.components.schemas["total.input.Line"]).toMatchObject({
    required: ["item", "price"],
  });
  expect(json.paths["/restate/call/Orders/total"].post.description).toBe("What an order costs.");
  expect(text).not.toContain("audit");
});

test("every operation of a document is there, with an answer that the document has", async () => {
  for (const service of ["Orders", "Counter"]) {
    const { json } = await documentOf(service);
    const [{ url }] = json.servers;
    for (const [path, operations] of Object.entries<Record<string, any>>(json.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        const takesBody = operation.requestBody !== undefined;
        const body = path.endsWith("/total") ? { lines: [{ item: "tea", price: 3 }] } : 3;
        const asked = await request(url + filled(path), {
          method: method.toUpperCase(),
          ...(takesBody ? { json: path.includes(service) ? body : { target: "invocation" } } : {}),
        });

        const described = Object.keys(operation.responses);
        expect(described, `${method} ${path}: ${asked.text}`).toContain(String(asked.status));
        if (path.includes(service)) {
          expect(asked.status).toBe(path.includes("/send/") ? 202 : 200);
        }
      }
    }
  }
});
