// What deployments say of themselves: answers to Discover, manifests, descriptor sets; and values between protobuf and JSON.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { DiscoverResponseSchema, ProtocolMode } from "@perdure/proto/protocol/v1/deployment";
import { ManifestSchema } from "@perdure/proto/manifest/v1/manifest";
import { manifestDiff } from "@perdure/protocol/manifest-diff";
import { damagedBytes, damagedJson, decoded, fuzz, isCoded } from "@perdure/protocol/fuzz.fixture";
import { createRegistryView } from "../shard/registry-view.js";
import { manifestWith, methodWith } from "../typed/contract.fixture.js";
import { TranscodeError } from "../typed/transcode-error.js";
import { bytes as bytesForm, number, string } from "../typed/type-forms.fixture.js";
import { checkManifest } from "./manifest-check.js";

const form = {
  input: {
    kind: "object" as const,
    members: [
      { name: "name", type: string },
      { name: "age", type: number, optional: true },
      { name: "born", type: { kind: "date" as const }, nullable: true },
      { name: "tags", type: { kind: "list" as const, of: string } },
      { name: "raw", type: bytesForm },
    ],
  },
  output: string,
};
const manifest = manifestWith(form);
const answer = toBinary(
  DiscoverResponseSchema,
  create(DiscoverResponseSchema, {
    minProtocolVersion: 1,
    maxProtocolVersion: 1,
    protocolMode: ProtocolMode.SESSION,
    manifest,
  }),
);
const view = createRegistryView([]);
fuzz("answers to Discover", {
  input: damagedBytes(answer),
  share: 2,
  caseMsMax: 3_000,
  run: (bytes) => {
    const found = decoded(() => fromBinary(DiscoverResponseSchema, bytes))?.manifest;
    if (found === undefined) return;
    manifestDiff(manifest, found);
    checkManifest(found, view);
  },
  refusals: isCoded,
});

fuzz("descriptor sets", {
  input: damagedBytes(manifest.descriptorSet),
  share: 2,
  caseMsMax: 3_000,
  run: (descriptorSet) => {
    checkManifest(create(ManifestSchema, { ...manifest, descriptorSet }), view);
  },
  refusals: isCoded,
});

const method = methodWith(form);
const request = method.readRequestJson(
  JSON.stringify({
    key: "k",
    input: { name: "Ada", age: 3, born: "2020-01-01T00:00:00Z", tags: ["a"], raw: "AQI=" },
  }),
);

fuzz("requests of a typed method as protobuf", {
  input: damagedBytes(
    Buffer.from([0x0a, 1, 0x6b, 0x12, 5, 0x0a, 3, 0x41, 0x64, 0x61]),
    Buffer.from([0x12, 9, 0x0a, 1, 0x61, 0x22, 1, 0x62, 0x2a, 1, 0x01]),
  ),
  run: (bytes) => void method.readRequest(bytes),
  refusals: (error) => error instanceof TranscodeError,
});

fuzz("requests of a typed method as JSON", {
  input: damagedJson({
    key: "k",
    input: JSON.parse(Buffer.from(request.input ?? []).toString() || "{}") as object,
  }),
  run: (text) => void method.readRequestJson(text),
  refusals: (error) => error instanceof TranscodeError,
});

fuzz("results of a typed method", {
  input: fc.oneof(
    damagedJson({ a: "text" }, ["x"]),
    fc.string().map((text) => JSON.stringify(text)),
  ),
  run: (text) => {
    const output = Buffer.from(text);
    void method.writeResponse({ output, invocationId: "i" });
    void method.writeResponseJson({ output, invocationId: "i" });
  },
  refusals: (error) => error instanceof TranscodeError,
});
