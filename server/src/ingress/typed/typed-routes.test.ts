// Which requests are for typed services, beside the JSON routes that were there first.

import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRegistryView } from "../../shard/registry-view.js";
import { testDeployment } from "../ingress.fixture.js";
import type { TestIngress } from "../ingress.fixture.js";
import { openTypedIngress, tourFile, typedDeployment } from "./typed.fixture.js";

const anyRule = { contentType: "*/*" };

let ingress: TestIngress;
let view = createRegistryView([]);
beforeEach(async () => {
  view = createRegistryView([testDeployment, typedDeployment()]);
  ingress = await openTypedIngress({ registry: () => view });
});
afterEach(() => ingress.port.close());

function post(path: string, body: string, contentType = "application/json"): Promise<Response> {
  const headers = { "content-type": contentType };
  return fetch(ingress.url + path, { method: "POST", headers, body });
}

test("a typed service is reached over JSON by its own name as before", async () => {
  const response = await post("/greeter/greet", '{"name":"Ada"}');

  expect(await response.json()).toEqual({ name: "Ada" });
  expect(response.headers.get("x-restate-id")).toMatch(/^inv_1/);
});

test("a service that is called like a typed one is called as it was before", async () => {
  const handler = { name: "Greet", kind: HandlerKind.SHARED, input: anyRule, output: anyRule };
  const services = [{ name: "tour.v1.Greeter", kind: ServiceKind.SERVICE, handlers: [handler] }];
  const id = "dp_30000000000000000000002";
  view = createRegistryView([typedDeployment(), typedDeployment({ id, services })]);

  const response = await post("/tour.v1.Greeter/Greet", "raw", "application/proto");

  expect(await response.text()).toBe("raw");
  expect(ingress.invocations.submitted[0]?.service.service.name).toBe("tour.v1.Greeter");
});

test("but where it needs a key or has no such handler, the typed one answers", async () => {
  ingress.invocations.handler = () => Promise.resolve(Buffer.from('"hello"'));
  const handler = { name: "Greet", kind: HandlerKind.EXCLUSIVE, input: anyRule, output: anyRule };
  const id = "dp_30000000000000000000002";
  const name = "tour.v1.Greeter";
  for (const service of [
    { name, kind: ServiceKind.VIRTUAL_OBJECT, handlers: [handler] },
    { name, kind: ServiceKind.SERVICE, handlers: [{ ...handler, name: "other" }] },
  ]) {
    view = createRegistryView([typedDeployment(), typedDeployment({ id, services: [service] })]);

    const response = await post("/tour.v1.Greeter/Greet", '{"input":{"name":"Ada"}}');

    expect(await response.json()).toMatchObject({ output: "hello" });
  }
});

test("a service that is replaced is served with its new types by the next request", async () => {
  const path = "/tour.v1.Greeter/Greet";
  ingress.invocations.handler = () => Promise.resolve(Buffer.from('"hello"'));
  const before = await post(path, '{"input":{"name":"Ada"}}');
  const messageType = tourFile.messageType.map((message) =>
    message.name === "GreeterGreetResponse"
      ? {
          ...message,
          field: message.field.map((one) => ({ ...one, jsonName: `${one.jsonName}2` })),
        }
      : message,
  );
  const renamed = typedDeployment({ revision: 2, file: { ...tourFile, messageType } });
  view = createRegistryView([testDeployment, renamed]);
  const after = await post(path, '{"input":{"name":"Ada"}}');
  view = createRegistryView([testDeployment]);
  const gone = await post(path, "{}");

  expect(await before.json()).toMatchObject({ output: "hello" });
  expect(await after.json()).toMatchObject({ output2: "hello" });
  expect(gone.status).toBe(404);
});
