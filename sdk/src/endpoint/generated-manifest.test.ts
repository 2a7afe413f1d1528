// The manifest of codegen beside what the code says: which forms it is taken in, what it adds, and when it is refused.

import { create, fromBinary, toBinary, toJson, toJsonString } from "@bufbuild/protobuf";
import { base64Encode } from "@bufbuild/protobuf/wire";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import {
  HandlerKind,
  ManifestSchema,
  ServiceKind,
  type Manifest,
} from "@perdure/proto/manifest/v1/manifest";
import type { Definable } from "@perdure/protocol/definitions";
import { describe, expect, test } from "vitest";
import { object, service, workflow } from "../definitions/define.js";
import { handlers } from "../definitions/handlers.js";
import { serde } from "../serde/serde.js";
import { buildIdOf } from "./build-id.js";
import { DefinitionError } from "../definitions/model.js";
import type { EndpointOptions } from "./endpoint-options.js";
import { ManifestError } from "./generated-manifest.js";
import { descriptorSet, handlerOf, usersManifest } from "./generated.fixture.js";
import { resolveEndpoint } from "./resolve-endpoint.js";

const { SHARED, EXCLUSIVE, RUN } = HandlerKind;

const users = service({
  name: "Users",
  handlers: { age: async () => 1n, echo: async (_, user: unknown) => user },
});

function resolved(options: Pick<EndpointOptions, "services" | "manifest">): Manifest {
  return resolveEndpoint(options).manifest;
}

function refused(options: Pick<EndpointOptions, "services" | "manifest">): ManifestError {
  try {
    resolved(options);
  } catch (error) {
    if (error instanceof ManifestError) return error;
    throw error;
  }
  return expect.fail("expected an error");
}

const bytes = toBinary(ManifestSchema, usersManifest());

describe("a manifest of codegen", () => {
  test.each([
    ["the text of manifest.ts", base64Encode(bytes)],
    ["manifest.binpb", bytes],
    ["manifest.json", toJson(ManifestSchema, usersManifest()) as object],
    [
      "the text of manifest.json",
      toJsonString(ManifestSchema, usersManifest(), { prettySpaces: 2 }),
    ],
    ["the message itself", usersManifest()],
    ["an array of one", [bytes]],
  ])("is taken as %s", (_, manifest) => {
    expect(resolved({ services: [users], manifest })).toMatchObject({
      services: [{ name: "Users", protoService: "tour.v1.Users" }],
      contentHash: "sha256:1234",
    });
  });

  test("of a later codegen is taken with what is known of it", () => {
    const manifest = { ...(toJson(ManifestSchema, usersManifest()) as object), later: true };
    expect(resolved({ services: [users], manifest }).services).toHaveLength(1);
  });

  test.each([
    ["no base64 and no JSON", "gen/manifest.json"],
    ["broken JSON", '{"services":'],
    ["bytes of something else", new Uint8Array([1, 2, 3, 255])],
    ["an object of something else", { default: {} }],
    ["nothing", ""],
    ["a number", 5 as never],
    ["no manifest in an array", [base64Encode(bytes), ""]],
  ])("is not %s", (_, manifest) => {
    const error = refused({ services: [users], manifest });
    expect(error).toMatchObject({ name: "ManifestError", code: "PDR2028", differences: [] });
    expect(error.message).toMatch(/as its manifest is none: .*\(PDR2028\)$/s);
  });

  test("adds what the code does not say", () => {
    const manifest = resolved({ services: [users], manifest: usersManifest() });
    const [known] = usersManifest().services;
    expect(manifest.services).toHaveLength(1);
    expect(manifest.services[0]).toMatchObject({
      documentation: "Everybody who signed up.",
      handlers: [
        {
          name: "age",
          documentation: "In days.",
          protoMethod: "Age",
          input: { jsonSchema: known?.handlers[0]?.input?.jsonSchema },
          output: { jsonSchema: known?.handlers[0]?.output?.jsonSchema },
          steps: { steps: [{ operation: "run", name: "look up" }], complete: true },
        },
        { name: "echo", documentation: "", protoMethod: "Echo" },
      ],
    });
    expect(manifest.descriptorSet).toEqual(usersManifest().descriptorSet);
    expect(manifest.generator).toBe("@perdure/codegen 0.1.0");
  });

  test("does not take the place of what the code says", () => {
    const own = { $comment: "own" };
    const typed = service({
      name: "Users",
      description: "own description",
      options: { journalRetention: 1_000 },
      handlers: {
        age: handlers.handler(
          { description: "own", input: serde.json.schema<unknown>(own) },
          async () => 1n,
        ),
        echo: async (_, user: unknown) => user,
      },
    });
    const [{ documentation, options, handlers: all } = {}] = resolved({
      services: [typed],
      manifest: usersManifest(),
    }).services;
    expect(documentation).toBe("own description");
    expect(options?.journalRetentionMs).toBe(1_000n);
    expect(all?.[0]?.documentation).toBe("own");
    expect(JSON.parse(all?.[0]?.input?.jsonSchema ?? "")).toEqual(own);
  });

  test("may have services that this endpoint does not serve", () => {
    const manifest = usersManifest();
    manifest.services.push(...usersManifest().services.map((one) => ({ ...one, name: "Others" })));
    expect(resolved({ services: [users], manifest }).services.map(({ name }) => name)).toEqual([
      "Users",
    ]);
  });

  test("is part of the build id, and its absence changes nothing", async () => {
    const plain = resolved({ services: [users] });
    const typed = resolved({ services: [users], manifest: usersManifest() });
    expect(plain).toMatchObject({ generator: "", contentHash: "", services: [{ name: "Users" }] });
    expect(plain.descriptorSet).toHaveLength(0);
    const again = resolved({ services: [users], manifest: bytes });
    expect(await buildIdOf(typed)).not.toBe(await buildIdOf(plain));
    expect(await buildIdOf(typed)).toBe(await buildIdOf(again));
  });
});

describe("manifests of several packages", () => {
  const greeter = service({ name: "Greeter", handlers: { greet: async () => "hello" } });
  const other = (file: string, options: object = {}): Manifest =>
    create(ManifestSchema, {
      services: [
        { name: "Greeter", kind: ServiceKind.SERVICE, handlers: [handlerOf("greet", SHARED)] },
      ],
      descriptorSet: descriptorSet(
        { name: "tour/v1/tour.proto", package: "tour.v1" },
        { name: file, package: "greet.v1", ...options },
      ),
      contentHash: "sha256:0000",
    });

  test("are served as one", () => {
    const manifest = resolved({
      services: [greeter, users],
      manifest: [usersManifest(), other("greet.proto")],
    });
    expect(manifest.services.map(({ name }) => name)).toEqual(["Greeter", "Users"]);
    const { file } = fromBinary(FileDescriptorSetSchema, manifest.descriptorSet);
    expect(file.map(({ name }) => name)).toEqual(["tour/v1/tour.proto", "greet.proto"]);
    expect(manifest.contentHash).toBe("sha256:0000 sha256:1234");
  });

  test("can't have files of one name and different content", () => {
    const error = refused({
      services: [greeter, users],
      manifest: [usersManifest(), other("greet.proto"), other("greet.proto", { syntax: "proto3" })],
    });
    expect(error.code).toBe("PDR2027");
    expect(error.message).toContain("two manifests have a file greet.proto, and not the same one");
  });
});

describe("a stale manifest is refused with the difference in words", () => {
  const handle = async (): Promise<void> => undefined;
  const signup = (more: object = {}, options: object = {}) =>
    workflow({
      name: "Signup",
      options,
      handlers: { run: handle, verifyEmail: handle, ...more },
    });
  const known = (more: Partial<Manifest["services"][number]> = {}): Manifest =>
    create(ManifestSchema, {
      services: [
        {
          name: "Signup",
          kind: ServiceKind.WORKFLOW,
          handlers: [handlerOf("run", RUN), handlerOf("verifyEmail", SHARED)],
          ...more,
        } as never,
      ],
    });

  test("but one that fits is not", () => {
    expect(resolved({ services: [signup()], manifest: known() }).services).toHaveLength(1);
  });

  test.each<[string, Definable, Manifest, string[]]>([
    [
      "a service that it does not know",
      object({ name: "Cart", handlers: { add: handle } }),
      known(),
      ["service Cart is not in the manifest"],
    ],
    [
      "another kind of service",
      signup(),
      known({ kind: ServiceKind.VIRTUAL_OBJECT }),
      ["Signup is a workflow in the code and a virtual object in the manifest"],
    ],
    [
      "a handler that it does not know",
      signup({ click: handle }),
      known(),
      ["handler click of Signup is not in the manifest"],
    ],
    [
      "a handler that is gone",
      workflow({ name: "Signup", handlers: { run: handle } }),
      known(),
      ["handler verifyEmail of Signup is in the manifest and not in the code"],
    ],
    [
      "another kind of handler",
      object({ name: "Cart", handlers: { add: handle, get: handlers.object.shared(handle) } }),
      create(ManifestSchema, {
        services: [
          {
            name: "Cart",
            kind: ServiceKind.VIRTUAL_OBJECT,
            handlers: [handlerOf("add", EXCLUSIVE), handlerOf("get", EXCLUSIVE)],
          },
        ],
      }),
      ["handler get of Cart is shared in the code and exclusive in the manifest"],
    ],
    [
      "another content type",
      signup({
        verifyEmail: handlers.workflow.shared({ input: serde.binary }, handle),
      }),
      known(),
      [
        'the input of Signup/verifyEmail has the content type "application/octet-stream" in the code and "application/json" in the manifest',
      ],
    ],
    [
      "another option",
      signup({}, { journalRetention: 1_000 }),
      known({ options: { journalRetentionMs: 2_000n, ingressPrivate: true } as never }),
      [
        "the option journalRetention of Signup is 1000 ms in the code and 2000 ms in the manifest",
        "the option ingressPrivate of Signup is not set in the code and true in the manifest",
      ],
    ],
  ])("for %s", (_, definable, manifest, differences) => {
    const error = refused({ services: [definable], manifest });
    expect(error).toMatchObject({ name: "ManifestError", code: "PDR2027", differences });
    for (const difference of differences)
      expect(error.message).toContain(`\n- ${difference}\n`.trimEnd());
    expect(error.message).toMatch(
      /\nRun perdure codegen again, and serve what it writes \(PDR2027\)$/,
    );
  });

  test("all differences at once", () => {
    const error = refused({
      services: [signup({ click: handle }), users],
      manifest: known(),
    });
    expect(error.differences).toEqual([
      "handler click of Signup is not in the manifest",
      "service Users is not in the manifest",
    ]);
  });

  test("only after what is wrong with the definitions themselves", () => {
    const twice = [signup(), signup()];
    expect(() => resolved({ services: twice, manifest: known() })).toThrow(DefinitionError);
  });
});
