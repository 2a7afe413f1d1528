// What of a manifest's protobuf types the registry refuses, and how. The types themselves: server/src/typed.

import { create } from "@bufbuild/protobuf";
import { HandlerKind, ManifestSchema, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import { expect, test } from "vitest";
import { createRegistryView } from "../shard/registry-view.js";
import { manifestWith, viewOf } from "../typed/contract.fixture.js";
import { string } from "../typed/type-forms.fixture.js";
import { checkManifest } from "./manifest-check.js";

const nothing = createRegistryView([]);

test("a manifest with protobuf types as codegen writes them is taken", () => {
  expect(() => {
    checkManifest(manifestWith({ input: string, output: string }), nothing);
  }).not.toThrow();
});

test("a manifest without protobuf types is taken", () => {
  const handlers = [{ name: "greet", kind: HandlerKind.SHARED }];
  const services = [{ name: "greeter", kind: ServiceKind.SERVICE, handlers }];

  expect(() => {
    checkManifest(create(ManifestSchema, { services }), nothing);
  }).not.toThrow();
});

test("a type that another service has is refused, but for one that its own deployment gives up", () => {
  const view = viewOf(manifestWith({}));
  const renamed = manifestWith({}, "other");

  expect(() => {
    checkManifest(renamed, view);
  }).toThrow(expect.objectContaining({ code: "PDR4217", httpStatus: 409 }));
  expect(() => {
    checkManifest(renamed, view, "dp_0");
  }).not.toThrow();
});

test.each([
  ["is nested too deep", `${"[".repeat(201)}${"]".repeat(201)}`],
  ["never ends", '{"not":'.repeat(100_000)],
])("a JSON schema that %s is refused", (_, jsonSchema) => {
  const manifest = manifestWith({});
  for (const rule of manifest.services.flatMap(({ handlers }) => handlers)) {
    if (rule.output !== undefined) rule.output.jsonSchema = jsonSchema;
  }

  expect(() => {
    checkManifest(manifest, nothing);
  }).toThrow(expect.objectContaining({ code: "PDR4203", httpStatus: 400 }));
});

test("brackets in the texts of a JSON schema are no nesting", () => {
  const manifest = manifestWith({});
  const description = `\\"${"[".repeat(1_000)}\\\\`;
  for (const rule of manifest.services.flatMap(({ handlers }) => handlers)) {
    if (rule.input !== undefined) rule.input.jsonSchema = JSON.stringify({ description });
  }

  expect(() => {
    checkManifest(manifest, nothing);
  }).not.toThrow();
});

test("descriptors that are of no use are refused", () => {
  const manifest = { ...manifestWith({}), descriptorSet: new Uint8Array(1_000).fill(0x0a) };

  expect(() => {
    checkManifest(manifest, nothing);
  }).toThrow(
    expect.objectContaining({ name: "RegistrationError", code: "PDR4215", httpStatus: 400 }),
  );
});

test("descriptors of other services are refused", () => {
  const manifest = manifestWith({});
  for (const service of manifest.services) service.name = "other";

  expect(() => {
    checkManifest(manifest, nothing);
  }).toThrow(
    expect.objectContaining({ name: "RegistrationError", code: "PDR4216", httpStatus: 400 }),
  );
});

test("the protobuf name of another service is refused", () => {
  const view = viewOf(manifestWith({}));

  expect(() => {
    checkManifest(manifestWith({}, "account"), view);
  }).toThrow(
    expect.objectContaining({ name: "RegistrationError", code: "PDR4217", httpStatus: 409 }),
  );
});
