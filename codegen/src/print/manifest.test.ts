import { describe, expect, it } from "vitest";
import { lower } from "../lower/lower.js";
import {
  bytes,
  date,
  modelOf,
  named,
  number,
  object,
  service,
  string,
} from "../lower/model.fixture.js";
import { manifestJson, manifestOf } from "./manifest.js";

const model = modelOf(
  [
    service(
      "workflow",
      "SignupWorkflow",
      {
        run: {
          input: named("User"),
          output: date,
          doc: { text: "Signs up." },
          steps: {
            complete: false,
            steps: [
              { operation: "run", name: "create", inner: [] },
              { operation: "if", name: "", inner: [{ operation: "sleep", name: "", inner: [] }] },
            ],
          },
        },
        verify: {
          input: bytes,
          bytes: true,
          metadata: { b: "2", a: "1" },
          options: {
            accept: "image/*",
            ingressPrivate: true,
            description: "Says that it was them.",
          },
          doc: { text: "Not this." },
        },
        old: { jsonOnly: true },
      },
      {
        doc: { text: "A workflow." },
        options: {
          workflowRetentionMs: 86_400_000,
          retryPolicy: { maxAttempts: Infinity, initialIntervalMs: 0.5, onMaxAttempts: "kill" },
        },
      },
    ),
  ],
  [object("User", { name: string, age: number })],
);

describe("the manifest", () => {
  it("says of services what the SDK says, and what only source code does", () => {
    const { file } = lower(model, "tour.v1", undefined);
    const text = manifestJson(manifestOf(model, file, "@perdure/codegen 1.2.3"));
    const { descriptorSet, contentHash, ...manifest } = JSON.parse(text) as Record<string, unknown>;
    expect(String(descriptorSet).length).toBeGreaterThan(100);
    expect(contentHash).toMatch(/^sha256:/);
    expect(manifest).toEqual({
      services: [
        {
          name: "SignupWorkflow",
          kind: "SERVICE_KIND_WORKFLOW",
          documentation: "A workflow.",
          options: {
            workflowRetentionMs: "86400000",
            retryPolicy: {
              initialIntervalMs: "0",
              maxAttempts: 0,
              onMaxAttempts: "ON_MAX_ATTEMPTS_KILL",
            },
          },
          protoService: "tour.v1.SignupWorkflow",
          handlers: [
            {
              name: "run",
              kind: "HANDLER_KIND_RUN",
              documentation: "Signs up.",
              options: {},
              input: {
                contentType: "application/json",
                jsonSchema:
                  '{"$ref":"#/$defs/User","$defs":{"User":{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"number"}},"required":["name","age"]}}}',
              },
              output: {
                contentType: "application/json",
                jsonSchema: '{"type":"string","format":"date-time","x-perdure-type":"Date"}',
              },
              protoMethod: "Run",
              steps: {
                steps: [
                  { operation: "run", name: "create" },
                  { operation: "if", inner: [{ operation: "sleep" }] },
                ],
              },
            },
            {
              name: "verify",
              kind: "HANDLER_KIND_SHARED",
              documentation: "Says that it was them.",
              metadata: { a: "1", b: "2" },
              options: { ingressPrivate: true },
              input: { contentType: "image/*" },
              output: {},
              protoMethod: "Verify",
              steps: { complete: true },
            },
            {
              name: "old",
              kind: "HANDLER_KIND_SHARED",
              options: {},
              steps: { complete: true },
            },
          ],
        },
      ],
      generator: "@perdure/codegen 1.2.3",
    });
    expect(text.indexOf('"a": "1"')).toBeLessThan(text.indexOf('"b": "2"'));
  });
});
