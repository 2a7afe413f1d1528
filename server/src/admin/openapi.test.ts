import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import type { ServiceSchema } from "@perdure/proto/manifest/v1/manifest";
import { DeploymentSchema } from "@perdure/proto/storage/v1/records";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, test } from "vitest";
import { createRegistryView } from "../shard/registry-view.js";
import { openApiOf } from "./openapi.js";

const orderSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "https://example.test/order",
  type: "object",
  properties: {
    lines: { type: "array", items: { $ref: "#/$defs/Line" } },
    parent: { $ref: "#" },
    first: { $ref: "https://example.test/order#/$defs/Line/properties/price" },
    // A property with the name of a keyword.
    default: { $ref: "#/$defs/Line" },
    size: { $ref: "#/properties/lines" },
  },
  $defs: {
    Line: {
      type: "object",
      properties: {
        price: { $ref: "#/$defs/Money~1Amount%3CEUR%3E" },
        next: { $ref: "#/definitions/Older" },
      },
    },
    "Money/Amount<EUR>": { type: "integer" },
  },
  definitions: { Older: { type: "null" } },
};

const json = { contentType: "application/json" };

const services: MessageInitShape<typeof ServiceSchema>[] = [
  {
    name: "shop.Orders",
    kind: ServiceKind.SERVICE,
    documentation: "Takes orders.",
    handlers: [
      {
        name: "place",
        kind: HandlerKind.SHARED,
        documentation: "Places one.",
        input: { ...json, required: true, jsonSchema: JSON.stringify(orderSchema) },
        output: { ...json, jsonSchema: '{"type":"string"}' },
      },
      { name: "anything", kind: HandlerKind.SHARED },
      { name: "ping", kind: HandlerKind.SHARED, input: {}, output: {} },
      {
        name: "image",
        kind: HandlerKind.SHARED,
        input: { contentType: "image/*", required: true },
        output: { contentType: "image/png" },
      },
      {
        name: "odd",
        kind: HandlerKind.SHARED,
        input: { ...json, jsonSchema: "{not JSON" },
        output: { ...json, jsonSchema: "true" },
      },
      { name: "hidden", kind: HandlerKind.SHARED, options: { ingressPrivate: true } },
    ],
  },
  {
    name: "Counter",
    kind: ServiceKind.VIRTUAL_OBJECT,
    handlers: [
      { name: "add", kind: HandlerKind.EXCLUSIVE, input: json, output: json },
      { name: "get", kind: HandlerKind.SHARED, input: {}, output: json },
    ],
  },
  {
    name: "Signup",
    kind: ServiceKind.WORKFLOW,
    handlers: [
      { name: "run", kind: HandlerKind.RUN, input: json, output: json },
      { name: "click", kind: HandlerKind.SHARED, input: json, output: {} },
    ],
  },
  {
    name: "Secrets",
    kind: ServiceKind.SERVICE,
    options: { ingressPrivate: true },
    handlers: [
      { name: "tell", kind: HandlerKind.SHARED },
      { name: "open", kind: HandlerKind.SHARED, options: { ingressPrivate: false } },
    ],
  },
  {
    name: "Sealed",
    kind: ServiceKind.SERVICE,
    options: { ingressPrivate: true },
    handlers: [{ name: "tell", kind: HandlerKind.SHARED }],
  },
];

const revisions = Object.fromEntries(services.map(({ name = "" }, at) => [name, at + 1]));
const deployment = create(DeploymentSchema, { id: "dp_1", manifest: { services }, revisions });
const view = createRegistryView([deployment]);

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly $ref: string }[];
  readonly requestBody?: { readonly required?: boolean; readonly content: object };
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Document {
  readonly info: object;
  readonly servers: object;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

function documentOf(name: string): Document {
  const service = view.services.get(name);
  if (service === undefined) throw new Error(`no service ${name}`);
  const document = openApiOf(service, "http://127.0.0.1:8080");
  // As it goes over the wire.
  return JSON.parse(JSON.stringify(document)) as Document;
}

function operationsOf(document: Document): Operation[] {
  return Object.values(document.paths).flatMap((path) => Object.values(path));
}

function parametersOf(operation: Operation | undefined): (string | undefined)[] {
  return (operation?.parameters ?? []).map(({ $ref }) => $ref.split("/").at(-1));
}

/** What a reference within the document points to. */
function resolve(document: object, reference: string): unknown {
  return reference
    .slice(2)
    .split("/")
    .reduce<unknown>((at, token) => (at as Record<string, unknown> | undefined)?.[token], document);
}

/** Every reference of the document. */
function referencesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => {
    return key === "$ref" && typeof member === "string" ? [member] : referencesIn(member);
  });
}

describe.each([...view.services.keys()])("the document of %s", (name) => {
  test("is valid OpenAPI 3.1", async () => {
    const validator = new Validator();

    const { valid, errors } = await validator.validate({ ...documentOf(name) });

    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
    expect(validator.version).toBe("3.1");
  });

  test("points only to what is in it", () => {
    const document = documentOf(name);

    for (const reference of referencesIn(document)) {
      expect(reference).toMatch(/^#\//);
      expect(resolve(document, reference), reference).toBeDefined();
    }
  });

  test("gives each operation a name of its own, and each parameter of a path its description", () => {
    const document = documentOf(name);
    const ids = operationsOf(document).map(({ operationId }) => operationId);

    expect(new Set(ids).size).toBe(ids.length);
    for (const [path, operations] of Object.entries(document.paths)) {
      const inPath = Array.from(path.matchAll(/\{(\w+)\}/g), ([, parameter]) => parameter).sort();
      for (const operation of Object.values(operations)) {
        const described = (operation.parameters ?? [])
          .map(({ $ref }) => resolve(document, $ref) as { name: string; in: string })
          .filter((parameter) => parameter.in === "path")
          .map((parameter) => parameter.name);
        expect(described.sort()).toEqual(inPath);
      }
    }
  });

  test("has attach, output and status, by id and by target", () => {
    const { paths } = documentOf(name);

    for (const operation of ["attach", "output", "status"]) {
      expect(Object.keys(paths[`/restate/${operation}/{invocationId}`] ?? {})).toEqual(["get"]);
      expect(Object.keys(paths[`/restate/${operation}`] ?? {})).toEqual(["post"]);
    }
    expect(Object.keys(paths["/restate/output"]?.["post"]?.responses ?? {})).toContain("470");
  });
});

describe("what can be called", () => {
  test("is each public handler: call and send, outside of scopes and in one", () => {
    const { info, servers, paths } = documentOf("shop.Orders");

    expect(info).toEqual({ title: "shop.Orders", version: "1", description: "Takes orders." });
    expect(servers).toEqual([{ url: "http://127.0.0.1:8080" }]);
    const handlers = ["place", "anything", "ping", "image", "odd"];
    expect(Object.keys(paths).filter((path) => path.includes("shop.Orders"))).toEqual(
      handlers.flatMap((handler) => [
        `/restate/call/shop.Orders/${handler}`,
        `/restate/scope/{scope}/call/shop.Orders/${handler}`,
        `/restate/send/shop.Orders/${handler}`,
        `/restate/scope/{scope}/send/shop.Orders/${handler}`,
      ]),
    );
  });

  test("has a key in its path where the service has keys", () => {
    const { paths } = documentOf("Counter");

    expect(paths["/restate/call/Counter/{key}/add"]).toBeDefined();
    expect(paths["/restate/scope/{scope}/send/Counter/{key}/get"]).toBeDefined();
  });

  test("takes a delay where it is sent, a limit key where it is in a scope, no idempotency key where it is a run", () => {
    const counter = documentOf("Counter").paths;
    const signup = documentOf("Signup").paths;

    expect(parametersOf(counter["/restate/call/Counter/{key}/add"]?.["post"])).toEqual([
      "Key",
      "IdempotencyKey",
    ]);
    expect(
      parametersOf(counter["/restate/scope/{scope}/send/Counter/{key}/add"]?.["post"]),
    ).toEqual(["Scope", "LimitKey", "Key", "IdempotencyKey", "Delay"]);
    expect(parametersOf(signup["/restate/send/Signup/{key}/run"]?.["post"])).toEqual([
      "Key",
      "Delay",
    ]);
    expect(parametersOf(signup["/restate/call/Signup/{key}/click"]?.["post"])).toEqual([
      "Key",
      "IdempotencyKey",
    ]);
  });

  test("leaves out private handlers, and those of private services that are not public themselves", () => {
    expect(JSON.stringify(documentOf("shop.Orders"))).not.toContain("hidden");
    expect(JSON.stringify(documentOf("Secrets"))).not.toContain("tell");
    expect(documentOf("Secrets").paths["/restate/call/Secrets/open"]).toBeDefined();
    expect(operationsOf(documentOf("Sealed"))).toHaveLength(6);
  });
});

describe("bodies", () => {
  test("are those of the handler's input and output rules", () => {
    const { paths } = documentOf("shop.Orders");
    const bodies = Object.fromEntries(
      ["place", "anything", "ping", "image", "odd"].map((handler) => {
        const operation = paths[`/restate/call/shop.Orders/${handler}`]?.["post"];
        const result = operation?.responses["200"] as { content?: unknown } | undefined;
        return [handler, [operation?.requestBody, result?.content]];
      }),
    );

    const schemas = "#/components/schemas/";
    expect(bodies).toEqual({
      place: [
        {
          required: true,
          content: { "application/json": { schema: { $ref: `${schemas}place.input` } } },
        },
        { "application/json": { schema: { $ref: `${schemas}place.output` } } },
      ],
      anything: [{ content: { "*/*": {} } }, { "*/*": {} }],
      ping: [undefined, undefined],
      image: [{ required: true, content: { "image/*": {} } }, { "image/png": {} }],
      odd: [
        { required: false, content: { "application/json": { schema: {} } } },
        { "application/json": { schema: { $ref: `${schemas}odd.output` } } },
      ],
    });
  });

  test("with a JSON Schema keep its meaning: definitions become components, references follow them", () => {
    const { schemas } = documentOf("shop.Orders").components;

    const at = "#/components/schemas/place.input";
    const line = { $ref: `${at}.Line` };
    expect(schemas["place.input"]).toEqual({
      type: "object",
      properties: {
        lines: { type: "array", items: line },
        parent: { $ref: at },
        first: { $ref: `${at}.Line/properties/price` },
        default: line,
        size: { $ref: `${at}/properties/lines` },
      },
    });
    expect(schemas["place.input.Line"]).toEqual({
      type: "object",
      properties: {
        price: { $ref: `${at}.Money_Amount_EUR_` },
        next: { $ref: `${at}.Older` },
      },
    });
    expect(schemas["place.input.Money_Amount_EUR_"]).toEqual({ type: "integer" });
    expect(schemas["place.input.Older"]).toEqual({ type: "null" });
    expect(schemas["odd.output"]).toBe(true);
  });

  test("of a target name what the service has", () => {
    const targets = ["Signup", "Counter", "Sealed"].map(
      (name) => documentOf(name).components.schemas["Target"],
    );

    expect(targets).toMatchObject([
      {
        oneOf: [
          { properties: { target: { const: "workflow" }, workflowName: { const: "Signup" } } },
          {
            properties: { target: { const: "idempotentInvocation" }, handler: { enum: ["click"] } },
          },
          { properties: { target: { const: "invocation" } } },
        ],
      },
      { oneOf: [{ required: ["target", "service", "key", "handler", "idempotencyKey"] }, {}] },
      { oneOf: [{ properties: { target: { const: "invocation" } } }] },
    ]);
  });
});
