// The standard health service, as load balancers ask it.

import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "@perdure/proto/grpc/health/v1/health";
import { Ingress } from "@perdure/proto/ingress/v1/ingress";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Client } from "@connectrpc/connect";
import { createRegistryView } from "../../shard/registry-view.js";
import type { TestIngress } from "../ingress.fixture.js";
import { openTypedIngress, typedDeployment } from "./typed.fixture.js";

let ingress: TestIngress;
let client: Client<typeof Health>;
let isReady: boolean;
let view = createRegistryView([]);
beforeEach(async () => {
  isReady = true;
  view = createRegistryView([typedDeployment()]);
  ingress = await openTypedIngress({
    ready: () => isReady,
    registry: () => view,
    requestsMax: 1,
    drainMs: 1_000,
  });
  client = createClient(Health, createGrpcTransport({ baseUrl: ingress.url }));
});
afterEach(() => ingress.port.close());

test("the server, its contracts and typed services are serving", async () => {
  for (const service of ["", Ingress.typeName, Health.typeName, "tour.v1.Greeter"]) {
    expect(await client.check({ service })).toMatchObject({ status: Status.SERVING });
  }
});

test("nothing is serving before it has recovered", async () => {
  isReady = false;

  for (const service of ["", Ingress.typeName, "tour.v1.Greeter", "tour.v1.Nope"]) {
    expect(await client.check({ service })).toMatchObject({ status: Status.NOT_SERVING });
  }
});

test("a service that is not registered is NOT_FOUND", async () => {
  const error: unknown = await client.check({ service: "greeter" }).catch((e: unknown) => e);

  expect(ConnectError.from(error).code).toBe(Code.NotFound);
});

test("a busy server answers all the same", async () => {
  ingress.invocations.handler = () => new Promise(() => {});
  const busy = fetch(`${ingress.url}/greeter/greet`, { method: "POST" }).catch(() => undefined);
  await expect.poll(() => ingress.invocations.submitted.length).toBe(1);

  expect(await client.check({})).toMatchObject({ status: Status.SERVING });
  await ingress.port.close();
  await busy;
});

test("a watch ends when the server closes, and says so first", async () => {
  const told: Status[] = [];
  for await (const { status } of client.watch({ service: "" })) {
    told.push(status);
    if (status === Status.SERVING) void ingress.port.close();
  }

  expect(told).toEqual([Status.SERVING, Status.NOT_SERVING]);
});

test("a watch tells each change: a service that comes, a server that stops serving", async () => {
  view = createRegistryView([]);
  const controller = new AbortController();
  const told: Status[] = [];

  for await (const { status } of client.watch(
    { service: "tour.v1.Greeter" },
    { signal: controller.signal },
  )) {
    told.push(status);
    if (status === Status.SERVICE_UNKNOWN) view = createRegistryView([typedDeployment()]);
    else if (status === Status.SERVING) isReady = false;
    else break;
  }

  expect(told).toEqual([Status.SERVICE_UNKNOWN, Status.SERVING, Status.NOT_SERVING]);
});
