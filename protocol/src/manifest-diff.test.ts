import { create } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from "@bufbuild/protobuf/wkt";
import {
  HandlerKind,
  ManifestSchema,
  ServiceKind,
  type Manifest,
} from "@perdure/proto/manifest/v1/manifest";
import { Shape } from "@perdure/proto/typed/v1/typed";
import { describe, expect, test } from "vitest";
import { manifestDiff } from "./manifest-diff.js";
import {
  field,
  manifestOf,
  messageOf,
  optional,
  type ManifestInit,
} from "./manifest-diff.fixture.js";

/** "!" before what breaks callers, "~" before what breaks invocations in flight. */
function told(before: Manifest, after: Manifest): string[] {
  return manifestDiff(before, after).map(
    ({ breaksCallers, breaksRunning, text }) =>
      `${breaksCallers ? "!" : ""}${breaksRunning ? "~" : ""}${text}`,
  );
}

const empty = create(ManifestSchema);
const json = "application/json";

describe("of services and handlers is told", () => {
  test("nothing where all is the same", () => {
    const init = { input: messageOf("In", [field("a", 1)]) };
    expect(told(manifestOf(init), manifestOf(init))).toEqual([]);
  });

  test("which are new and which are gone", () => {
    const other = manifestOf({ handler: { name: "other", kind: HandlerKind.SHARED } });

    expect(told(empty, manifestOf())).toEqual(["service S is new, with 1 handler"]);
    expect(told(manifestOf(), empty)).toEqual(["!~service S is not offered any more"]);
    expect(told(manifestOf(), other)).toEqual([
      "!~handler S/h is not offered any more",
      "handler S/other is new",
    ]);
  });

  test.each<readonly [string, ManifestInit, ManifestInit, readonly string[]]>([
    [
      "another kind of service, and nothing of what it has",
      {},
      { service: { kind: ServiceKind.WORKFLOW, handlers: [] } },
      ["!~S was a service and is a workflow now: it is called and keyed in another way"],
    ],
    [
      "another kind of handler, which callers don't see",
      { handler: { kind: HandlerKind.EXCLUSIVE } },
      { handler: { kind: HandlerKind.SHARED } },
      ["handler S/h was exclusive and is shared now"],
    ],
    [
      "a run that is none any more",
      { handler: { kind: HandlerKind.RUN } },
      { handler: { kind: HandlerKind.SHARED } },
      ["!~handler S/h was the run and is shared now"],
    ],
    [
      "a handler that became private",
      {},
      { handler: { options: { ingressPrivate: true } } },
      ["!handler S/h is private now: the ingress refuses it"],
    ],
    [
      "a service that became public, by its handlers",
      { service: { options: { ingressPrivate: true } } },
      {},
      ["handler S/h is public now"],
    ],
    [
      "options that changed",
      { handler: { options: { journalRetentionMs: 1n } } },
      { handler: { options: { journalRetentionMs: 2n, retryPolicy: { maxAttempts: 3 } } } },
      [
        "the option journalRetention of S/h was 1 ms and is 2 ms now",
        "the retry policy of S/h changed",
      ],
    ],
    [
      "an input that takes fewer content types",
      { handler: { input: { contentType: "*/*" } } },
      { handler: { input: { contentType: json } } },
      [`!the input of S/h takes the content type "${json}" now, and took any`],
    ],
    [
      "an input that takes more content types",
      { handler: { input: { contentType: "image/png" } } },
      { handler: { input: { contentType: "image/*" } } },
      ['the input of S/h takes the content type "image/*" now, and took "image/png"'],
    ],
    [
      "an input that must be there",
      { handler: { input: { contentType: "" } } },
      { handler: { input: { contentType: json, required: true } } },
      [
        `!the input of S/h takes the content type "${json}" now, and took none`,
        "!the input of S/h must be there now",
      ],
    ],
    [
      "an output of another content type",
      { handler: { output: { contentType: json } } },
      { handler: { output: { contentType: "text/plain" } } },
      [`!the output of S/h has the content type "text/plain" now, and had "${json}"`],
    ],
    [
      "an output where there was none, which nobody looks at",
      { handler: { output: { contentType: "" } } },
      { handler: { output: { contentType: json } } },
      [`the output of S/h has the content type "${json}" now, and had none`],
    ],
    [
      "steps that changed",
      { handler: { steps: { steps: [{ operation: "run", name: "a" }], complete: true } } },
      { handler: { steps: { steps: [{ operation: "sleep" }], complete: true } } },
      ['~the steps of S/h changed: sleep stands where run "a" was'],
    ],
    [
      "types that are new",
      {},
      { input: messageOf("In", []) },
      [
        "S can be called as t.v1.S with protobuf types now",
        "S/h can be called as H with protobuf types now",
      ],
    ],
    [
      "a name of a method that changed",
      { input: messageOf("In", []) },
      { input: messageOf("In", []), handler: { protoMethod: "Other" } },
      ["!S/h is called as Other now, and was called as H"],
    ],
  ])("%s", (_what, before, after, changes) => {
    expect(told(manifestOf(before), manifestOf(after))).toEqual(changes);
  });
});

const enumOf = (
  ...values: readonly (readonly [string, number])[]
): NonNullable<ManifestInit["enums"]> => [
  { name: "E", value: values.map(([name, number]) => ({ name, number })) },
];
const ofE = [field("e", 1, { type: Type.ENUM, typeName: ".t.v1.E" })];

describe("of protobuf types is told", () => {
  const change = (before: readonly object[], after: readonly object[], ...reserved: number[]) =>
    [
      { input: messageOf("In", before), output: messageOf("Out", before) },
      { input: messageOf("In", after, reserved), output: messageOf("Out", after, reserved) },
    ] as const;

  test.each<readonly [string, readonly [ManifestInit, ManifestInit], readonly string[]]>([
    [
      "a field that is gone and not reserved",
      change([field("a", 1)], []),
      [
        "!input.a of S/h is gone, and its field number 1 is not reserved",
        "!output.a of S/h is gone, and its field number 1 is not reserved",
      ],
    ],
    [
      "a field that is gone and reserved",
      change([field("a", 1)], [], 1),
      ["input.a of S/h is not read any more", "!output.a of S/h is gone"],
    ],
    [
      "an optional field that is gone and reserved",
      change([optional("a", 1)], [], 1),
      ["input.a of S/h is not read any more", "output.a of S/h is gone; it was optional"],
    ],
    [
      "a field that is new",
      change([], [field("a", 1)]),
      ["!input.a of S/h is new and must be there", "output.a of S/h is new"],
    ],
    [
      "an optional field that is new",
      change([], [optional("a", 1)]),
      ["input.a of S/h is new", "output.a of S/h is new"],
    ],
    [
      "a list that is new",
      change([], [field("a", 1, { label: Label.REPEATED })]),
      ["input.a of S/h is new", "output.a of S/h is new"],
    ],
    [
      "another number, which another type gives it",
      change([field("a", 1)], [field("a", 2, { type: Type.DOUBLE })], 1),
      [
        "!input.a of S/h has the field number 2 now, and had 1: it was string and is double now",
        "!output.a of S/h has the field number 2 now, and had 1: it was string and is double now",
      ],
    ],
    [
      "another type under the same number",
      change([field("a", 1)], [field("a", 1, { type: Type.INT64 })]),
      [
        "!input.a of S/h was string and is int64 now",
        "!output.a of S/h was string and is int64 now",
      ],
    ],
    [
      "a list where one value was",
      change([field("a", 1)], [field("a", 1, { label: Label.REPEATED })]),
      [
        "!input.a of S/h was string and is a list of string now",
        "!output.a of S/h was string and is a list of string now",
      ],
    ],
    [
      "a field that may be left out",
      change([field("a", 1)], [optional("a", 1)]),
      ["input.a of S/h may be left out now", "!output.a of S/h may be left out now"],
    ],
    [
      "a field that must be there",
      change([optional("a", 1)], [field("a", 1)]),
      ["!input.a of S/h must always be there now", "output.a of S/h will always be there now"],
    ],
    [
      "another name",
      change([field("a", 1)], [field("b", 1)]),
      ["!input.a of S/h was renamed to input.b", "!output.a of S/h was renamed to output.b"],
    ],
    [
      "a value of an enum that is gone",
      [
        { input: messageOf("In", ofE), enums: enumOf(["E_UNSPECIFIED", 0], ["E_A", 1]) },
        { input: messageOf("In", ofE), enums: enumOf(["E_UNSPECIFIED", 0]) },
      ],
      ["!input.e of S/h has no value E_A any more, and its number 1 is not reserved"],
    ],
    [
      "a value of an enum that is new, as nothing",
      [
        { input: messageOf("In", ofE), enums: enumOf(["E_UNSPECIFIED", 0]) },
        { input: messageOf("In", ofE), enums: enumOf(["E_UNSPECIFIED", 0], ["E_A", 1]) },
      ],
      [],
    ],
    [
      "a value of an enum with another name",
      [
        { input: messageOf("In", ofE), enums: enumOf(["E_UNSPECIFIED", 0], ["E_A", 1]) },
        { input: messageOf("In", ofE), enums: enumOf(["E_UNSPECIFIED", 0], ["E_B", 1]) },
      ],
      ["!input.e of S/h has the value E_B now, where E_A was"],
    ],
    [
      "a message that is something else in JSON",
      [
        { input: messageOf("In", [field("a", 1, { label: Label.REPEATED })]) },
        { input: messageOf("In", [field("a", 1, { label: Label.REPEATED })], [], Shape.LIST) },
      ],
      ["!input of S/h looks different as JSON: it is another kind of type now"],
    ],
    [
      "another name of a variant",
      [
        { input: messageOf("In", [optional("a", 1)], [], Shape.UNION) },
        { input: messageOf("In", [optional("b", 1)], [], Shape.UNION) },
      ],
      ["!input of S/h has the variant b now, where a was"],
    ],
    [
      "another variant in the place of one, whatever it is in JSON",
      [
        {
          input: messageOf("In", [optional("a", 1)], [], Shape.UNION),
          output: messageOf("Out", [optional("a", 1)], [], Shape.UNION),
        },
        {
          input: messageOf("In", [optional("b", 2)], [1], Shape.UNION),
          output: messageOf("Out", [optional("b", 2)], [1], Shape.UNION),
        },
      ],
      [
        "!input of S/h does not take the variant a any more",
        "input of S/h takes the variant b now",
        "output of S/h is not the variant a any more",
        "!output of S/h may be the variant b now",
      ],
    ],
    [
      "another name of a message type, which only code that is generated anew sees",
      [{ input: messageOf("In", []) }, { input: messageOf("Inlet", []) }],
      ["input of S/h has the message type t.v1.Inlet now, and had t.v1.In"],
    ],
  ])("%s", (_what, [before, after], changes) => {
    expect(told(manifestOf(before), manifestOf(after))).toEqual(changes);
  });

  test("a change inside of a recursive type, once", () => {
    const tree = (type: Type): ManifestInit => ({
      input: messageOf("In", [
        field("value", 1, { type }),
        field("children", 2, {
          type: Type.MESSAGE,
          typeName: ".t.v1.In",
          label: Label.REPEATED,
        }),
      ]),
    });
    expect(told(manifestOf(tree(Type.STRING)), manifestOf(tree(Type.BOOL)))).toEqual([
      "!input.value of S/h was string and is bool now",
    ]);
  });

  test("what JSON schemas say as well, once, in their words", () => {
    const schema = (type: string): string =>
      JSON.stringify({ type: "object", properties: { a: { type } }, required: ["a"] });
    const side = (jsonSchema: string, type: Type): Manifest =>
      manifestOf({
        input: messageOf("In", [field("a", 1, { type })]),
        handler: { input: { contentType: json, jsonSchema } },
      });
    expect(told(side(schema("string"), Type.STRING), side(schema("number"), Type.DOUBLE))).toEqual([
      "!input.a of S/h was a string and is a number now",
    ]);
  });

  test("what a serde says of itself with what a serde says, and types with types", () => {
    const email = '{"type":"string","format":"email"}';
    const text = '{"type":"string"}';
    const side = (jsonSchema: string, typesJsonSchema = "", protoMethod = "H"): Manifest =>
      manifestOf({
        handler: { protoMethod, output: { contentType: json, jsonSchema, typesJsonSchema } },
      });
    const served = side(email, text);

    expect(told(served, side(text))).toEqual([]);
    expect(told(side(text), served)).toEqual([]);
    expect(told(side(email, "", ""), side(text))).not.toContainEqual(expect.stringMatching(/^!/));
    expect(told(served, side('{"type":"number"}'))).toEqual([
      "!output of S/h was a string and is a number now",
    ]);
    expect(told(served, side(text, text))).toEqual([
      '!output of S/h has format none now, and had "email"',
    ]);
    expect(told(side(email, "", ""), side(text, "", ""))).toEqual([
      '!output of S/h has format none now, and had "email"',
    ]);
  });

  test("nothing where descriptors can't be read", () => {
    const broken = manifestOf({ input: messageOf("In", []) });
    broken.descriptorSet = new Uint8Array([1, 2, 3]);
    expect(told(manifestOf({ input: messageOf("In", []) }), broken)).toEqual([]);
  });
});
