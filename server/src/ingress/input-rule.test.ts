import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { HandlerSchema, ServiceSchema } from "@perdure/proto/manifest/v1/manifest";
import type { InputRuleSchema } from "@perdure/proto/manifest/v1/manifest";
import { describe, expect, test } from "vitest";
import { checkInput, impliedContentType } from "./input-rule.js";

type Rule = MessageInitShape<typeof InputRuleSchema>;

const optionalJson: Rule = { contentType: "application/json" };
const requiredJson: Rule = { contentType: "application/json", required: true };
const schemaJson: Rule = { contentType: "application/json", required: true, jsonSchema: "{}" };
const nothing: Rule = {};
const image: Rule = { contentType: "image/*", required: true };
const anything: Rule = { contentType: "*/*", required: true };
const service = create(ServiceSchema, { name: "Greeter" });

describe("checkInput", () => {
  const cases: readonly (readonly [
    string,
    Rule | undefined,
    string | undefined,
    number,
    boolean,
  ])[] = [
    ["no rule", undefined, undefined, 0, true],
    ["no rule", undefined, "text/plain", 3, true],
    ["no rule", undefined, undefined, 3, false],
    ["optional JSON", optionalJson, undefined, 0, true],
    ["optional JSON", optionalJson, "application/json", 3, true],
    ["optional JSON", optionalJson, "application/json", 0, true],
    ["optional JSON", optionalJson, "application/json; charset=utf-8", 3, true],
    ["optional JSON", optionalJson, "Application/JSON", 3, false],
    ["optional JSON", optionalJson, "text/plain", 3, false],
    ["optional JSON", optionalJson, "text/plain", 0, false],
    ["optional JSON", optionalJson, undefined, 3, false],
    ["required JSON", requiredJson, undefined, 0, false],
    ["required JSON", requiredJson, "application/json", 0, true],
    ["JSON with a schema", schemaJson, "application/json", 0, false],
    ["JSON with a schema", schemaJson, "application/json", 2, true],
    ["no input", nothing, undefined, 0, true],
    ["no input", nothing, undefined, 1, false],
    ["no input", nothing, "text/plain", 0, false],
    ["any image", image, "image/png", 1, true],
    ["any image", image, "image/png;q=1", 1, true],
    ["any image", image, "images/png", 1, false],
    ["anything", anything, "x/y", 1, true],
    ["anything", anything, undefined, 0, false],
  ];

  test.each(cases)("%s: rule %j, content type %j, %i bytes: %j", (_name, input, type, size, ok) => {
    const handler = create(HandlerSchema, { name: "greet", ...(input && { input }) });

    if (ok) checkInput({ service }, handler, type, size);
    else
      expect(() => checkInput({ service }, handler, type, size)).toThrow(
        /handler "greet" of "Greeter"/,
      );
  });
});

test.each([
  [undefined, undefined],
  [nothing, undefined],
  [image, undefined],
  [anything, undefined],
  [optionalJson, "application/json"],
])("the implied content type of %j is %j", (input, contentType) => {
  const handler = create(HandlerSchema, { name: "greet", ...(input && { input }) });

  expect(impliedContentType(handler)).toBe(contentType);
});
