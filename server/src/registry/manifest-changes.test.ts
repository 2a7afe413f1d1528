import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  ManifestSchema,
  type HandlerSchema,
  type Manifest,
} from "@perdure/proto/manifest/v1/manifest";
import { DeploymentSchema } from "@perdure/proto/storage/v1/records";
import { describe, expect, test } from "vitest";
import { createRegistryView, type RegistryView } from "../shard/registry-view.js";
import { manifestChanges } from "./manifest-changes.js";

type Handler = MessageInitShape<typeof HandlerSchema>;
const json = "application/json";

function manifestOf(services: Record<string, Handler[]>): Manifest {
  return create(ManifestSchema, {
    services: Object.entries(services).map(([name, handlers]) => ({ name, handlers })),
  });
}

function viewOf(services: Record<string, Handler[]>): RegistryView {
  const revisions = Object.fromEntries(Object.keys(services).map((name) => [name, 1]));
  const manifest = manifestOf(services);
  return createRegistryView([create(DeploymentSchema, { id: "dp_1", manifest, revisions })]);
}

describe("of a manifest is told", () => {
  const before: Handler = {
    name: "h",
    input: { contentType: json, jsonSchema: '{"type":"object","title":"T"}' },
    output: { contentType: json },
  };
  test.each<readonly [string, Handler, readonly string[]]>([
    ["nothing where all is as it was", before, []],
    [
      "nothing where a schema is only written in another order",
      { ...before, input: { contentType: json, jsonSchema: '{ "title": "T", "type": "object" }' } },
      [],
    ],
    [
      "a schema that changed",
      { ...before, input: { contentType: json, jsonSchema: '{"type":"string"}' } },
      ["the input of S/h changed its JSON schema"],
    ],
    [
      "a schema that is gone",
      { ...before, input: { contentType: json } },
      ["the input of S/h changed its JSON schema"],
    ],
    [
      "a schema that is new",
      { ...before, output: { contentType: json, jsonSchema: "{}" } },
      ["the output of S/h changed its JSON schema"],
    ],
    [
      "another content type",
      { ...before, output: { contentType: "text/plain" } },
      [`the output of S/h changed its content type from "${json}" to "text/plain"`],
    ],
    [
      "no output where there was one",
      { name: "h", ...(before.input === undefined ? {} : { input: before.input }) },
      [`the output of S/h changed its content type from "${json}" to any`],
    ],
    [
      "a handler that is gone, not one that is new",
      { ...before, name: "other" },
      ["handler S/h is not offered any more"],
    ],
  ])("%s", (_what, after, told) => {
    expect(manifestChanges(manifestOf({ S: [after] }), viewOf({ S: [before] }))).toEqual(told);
  });

  test("a service that is gone where its deployment is replaced, and not where another comes beside it", () => {
    const view = viewOf({ S: [before], Lost: [before] });
    const manifest = manifestOf({ S: [before], New: [] });

    expect(manifestChanges(manifest, view)).toEqual([]);
    expect(manifestChanges(manifest, view, "dp_1")).toEqual([
      "service Lost is not offered any more",
    ]);
  });
});
