// Typed services on a real server, with deployments that change or lie, and streams that stay open: what one does
// harms nobody else.

import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { ServerReflection } from "@perdure/proto/grpc/reflection/v1/reflection";
import { Ingress } from "@perdure/proto/ingress/v1/ingress";
import { ManifestSchema, type Manifest } from "@perdure/proto/manifest/v1/manifest";
import type { ServerFrame } from "@perdure/proto/protocol/v1/deployment";
import { valueOf } from "@perdure/protocol/messages";
import { expect, onTestFinished, test } from "vitest";
import { startedAdmin, type Admin } from "./admin/admin.fixture.js";
import { descriptorSetOf, tourFile, typedServices } from "./ingress/typed/typed.fixture.js";
import { output, scriptedAs, type Say } from "./scripted-deployment.fixture.js";

const tour = manifestOf();

/** The tour's services; `change` may be made to their names and types before they are written. */
function manifestOf(change: (services: Manifest["services"]) => void = () => undefined): Manifest {
  const { services } = create(ManifestSchema, { services: typedServices });
  change(services);
  const descriptorSet = toBinary(FileDescriptorSetSchema, descriptorSetOf(tourFile));
  return create(ManifestSchema, { services, descriptorSet });
}

interface Bed {
  readonly admin: Admin;
  readonly url: string;
  offered: Manifest;
}

async function startBed(answer: (start: ServerFrame, say: Say) => void = greet): Promise<Bed> {
  const endpoint = await scriptedAs(() => bed.offered, answer);
  const admin = await startedAdmin();
  onTestFinished(() => admin.close());
  const bed: Bed = { admin, url: endpoint.url, offered: tour };
  expect((await register(bed)).status).toBe(201);
  return bed;
}

function register({ admin, url }: Bed): ReturnType<Admin["ask"]> {
  return admin.ask("POST", "/deployments", { uri: url, force: true });
}

const hello = output({ case: "value", value: valueOf(Buffer.from('"hello"')) });

function greet(start: ServerFrame, say: Say): void {
  say(start, hello);
}

async function call({ admin }: Bed, path: string, body = "{}"): Promise<unknown> {
  const headers = { "content-type": "application/json", "connect-protocol-version": "1" };
  const response = await fetch(admin.server.ingressUrl + path, { method: "POST", headers, body });
  const { output: value, code } = (await response.json()) as { output?: unknown; code?: unknown };
  return value ?? [code, response.headers.get("x-perdure-error-code")];
}

const greeting = ["/tour.v1.Greeter/Greet", '{"input":{"name":"Ada"}}'] as const;

test("descriptors that are of no use leave those in place that were registered before", async () => {
  const bed = await startBed();
  bed.offered = create(ManifestSchema, { ...tour, descriptorSet: new Uint8Array(99).fill(0x0a) });

  expect((await register(bed)).json).toMatchObject({ errorCode: "PDR4215" });
  expect(await call(bed, ...greeting)).toBe("hello");
});

test("a schema that could not be written out again is refused, and harms no description", async () => {
  const bed = await startBed();
  bed.offered = manifestOf(([service]) => {
    const input = service?.handlers[0]?.input;
    if (input !== undefined) input.jsonSchema = `${"[".repeat(99_999)}${"]".repeat(99_999)}`;
  });

  expect((await register(bed)).json).toMatchObject({ errorCode: "PDR4203" });
  expect((await bed.admin.ask("GET", "/services/greeter")).status).toBe(200);
});

test("schemas of thousands of alternatives are compared while others are served", async () => {
  const bed = await startBed();
  const withAlternatives = (prefix: string): Manifest =>
    manifestOf(([service]) => {
      const input = service?.handlers[0]?.input;
      if (input === undefined) return;
      const one = (_: unknown, at: number): object => ({
        type: "object",
        properties: { [`${prefix}${at}`]: { const: at } },
      });
      input.jsonSchema = JSON.stringify({ anyOf: Array.from({ length: 4_000 }, one) });
    });
  bed.offered = withAlternatives("a");
  await register(bed);
  bed.offered = withAlternatives("b");
  const begun = performance.now();

  expect((await register(bed)).json).toMatchObject({
    manifest_changes: [{ breaks_callers: true }, {}],
  });
  // A square of them took forty seconds.
  expect(performance.now() - begun).toBeLessThan(10_000);
});

test("a call under way when its service is replaced is answered as it was asked", async () => {
  let finish = (): void => undefined;
  const begun = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const held: (() => void)[] = [];
  const bed = await startBed((start, say) => {
    held.push(() => say(start, hello));
    finish();
  });
  const waiting = call(bed, ...greeting);
  await begun;

  bed.offered = create(ManifestSchema, { ...untyped(tour), descriptorSet: new Uint8Array() });
  expect((await register(bed)).status).toBe(200);
  expect(await call(bed, ...greeting)).toEqual(["unimplemented", "PDR3029"]);
  for (const say of held) say();

  expect(await waiting).toBe("hello");
});

test("a removed deployment's types go with it", async () => {
  const bed = await startBed();
  const [{ id }] = (await bed.admin.ask("GET", "/deployments")).json.deployments;

  await bed.admin.ask("DELETE", `/deployments/${id}?force=true`);

  expect(await call(bed, ...greeting)).toEqual(["unimplemented", "PDR3029"]);
});

test("a server that closes ends open streams at once, and a watch goes on after its restart", async () => {
  let attempts = 0;
  const bed = await startBed((start, say) => {
    // The first stands still, until the server has gone.
    if (attempts++ > 0) say(start, hello);
  });
  const transport = createGrpcTransport({ baseUrl: bed.admin.server.ingressUrl });
  const target = { service: "user-signup", handler: "run", key: "ada" };
  await createClient(Ingress, transport).send({ target });
  const about = {
    invocation: {
      target: { case: "workflow" as const, value: { workflow: "user-signup", key: "ada" } },
    },
  };
  const reflecting = reflect(transport);
  let cursor = "";
  let begun = Number.NaN;
  let restarted: Promise<void> | undefined;
  const ended = (async () => {
    for await (const message of createClient(Ingress, transport).watch(about)) {
      ({ cursor } = message);
      if (message.event.case !== "started" || !Number.isNaN(begun)) continue;
      begun = performance.now();
      restarted = bed.admin.restart();
    }
  })();

  await expect(ended).rejects.toSatisfy((e) => ConnectError.from(e).code === Code.Unavailable);
  await reflecting;
  await restarted;
  // Requests that are waited for have five seconds.
  expect(performance.now() - begun).toBeLessThan(4_000);
  const again = createGrpcTransport({ baseUrl: bed.admin.server.ingressUrl });
  const further: (string | undefined)[] = [];
  for await (const { event } of createClient(Ingress, again).watch({ ...about, cursor })) {
    further.push(event.case);
  }
  expect(further).not.toContain("accepted");
  expect(further.at(-1)).toBe("completed");
});

/** An exchange of which the client never says that it is over. */
async function reflect(transport: ReturnType<typeof createGrpcTransport>): Promise<void> {
  const listServices = { messageRequest: { case: "listServices" as const, value: "" } };
  async function* requests() {
    yield listServices;
    await new Promise(() => undefined);
  }
  try {
    const answers = createClient(ServerReflection, transport).serverReflectionInfo(requests());
    for await (const { messageResponse } of answers) {
      expect(messageResponse.case).toBe("listServicesResponse");
    }
  } catch (error) {
    // The client may take the end of the connection for an end of its own.
    expect(error).toBeInstanceOf(ConnectError);
  }
}

function untyped(manifest: Manifest): Manifest {
  const services = manifest.services.map((service) => ({
    ...service,
    protoService: "",
    handlers: service.handlers.map((handler) => ({ ...handler, protoMethod: "" })),
  }));
  return { ...manifest, services };
}
