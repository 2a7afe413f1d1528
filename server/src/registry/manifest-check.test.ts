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
