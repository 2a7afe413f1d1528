// Each form of type as a field, and each error.

import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { ManifestSchema } from "@perdure/proto/manifest/v1/manifest";
import { describe, expect, it } from "vitest";
import type { Diagnostic } from "../model/diagnostic.js";
import type { Model } from "../model/services.js";
import type { NamedType } from "../model/types.js";
import { printProto } from "../print/proto.js";
import { lower } from "./lower.js";
import {
  array,
  bigint,
  boolean,
  bytes,
  date,
  enumeration,
  json,
  literal,
  map,
  modelOf,
  modelWith,
  named,
  namedUnion,
  nothing,
  number,
  numberAs,
  object,
  optional,
  service,
  string,
  tuple,
  union,
  type MemberSpec,
} from "./model.fixture.js";

const others = [
  enumeration("Plan", ["free", "pro"]),
  object("Address", { city: string }),
  object("Circle", { kind: literal("circle"), radius: number }),
  object("Square", { kind: literal("square"), side: number }),
  namedUnion("Shape", [named("Circle"), named("Square")]),
  namedUnion("Drawing", [named("Shape"), string, nothing]),
  namedUnion("MaybeAddress", [named("Address"), nothing]),
];

/** The .proto text of a member `value`, and the bodies of the messages and enums that it needs. */
function printed(spec: MemberSpec): string {
  const { file, diagnostics } = lower(
    modelWith(object("Box", { value: spec }), ...others),
    "a.v1",
    undefined,
  );
  expect(diagnostics).toEqual([]);
  return file === undefined ? "" : printProto(file);
}

function fieldOf(spec: MemberSpec): string {
  return /message Box \{\n\s*(.*);\n\}/.exec(printed(spec))?.[1] ?? printed(spec);
}

/** The message or enum, its lines without what surrounds them. */
function bodyOf(spec: MemberSpec, name: string): string[] {
  const body =
    new RegExp(`(?:message|enum) ${name} \\{\n([^]*?)\n\\}`).exec(printed(spec))?.[1] ?? "";
  return body
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

const nullable = " [(perdure.typed.v1.field).nullable = true]";

describe("a member of type", () => {
  it.each<[string, MemberSpec, string]>([
    ["string", string, "string value = 1"],
    ["number", number, "double value = 1"],
    ["number as int32", numberAs("int32"), "int32 value = 1"],
    [
      "number as int64",
      numberAs("int64"),
      "int64 value = 1 [(perdure.typed.v1.field).number = true]",
    ],
    [
      "number as uint64[]",
      array(numberAs("uint64")),
      "repeated uint64 value = 1 [(perdure.typed.v1.field).number = true]",
    ],
    ["boolean", boolean, "bool value = 1"],
    ["bigint", bigint, "int64 value = 1"],
    ["Date", date, "google.protobuf.Timestamp value = 1"],
    ["Uint8Array", bytes, "bytes value = 1"],
    ["unknown", json, "google.protobuf.Value value = 1"],
    ["unknown | null", union(json, nothing), "google.protobuf.Value value = 1"],
    ["null", nothing, "google.protobuf.NullValue value = 1"],
    ["string?", optional(string), "optional string value = 1"],
    ["Address", named("Address"), "Address value = 1"],
    ["Address?", optional(named("Address")), "optional Address value = 1"],
    ["string | null", union(string, nothing), `optional string value = 1${nullable}`],
    ["Address | null", union(named("Address"), nothing), `optional Address value = 1${nullable}`],
    ["MaybeAddress", named("MaybeAddress"), `optional Address value = 1${nullable}`],
    ["string | null?", optional(union(string, nothing)), "optional NullOrString value = 1"],
    ["MaybeAddress?", optional(named("MaybeAddress")), "optional NullOrAddress value = 1"],
    ["string[]", array(string), "repeated string value = 1"],
    ["string[]?", optional(array(string)), "optional StringList value = 1"],
    ["string[] | null", union(array(string), nothing), `optional StringList value = 1${nullable}`],
    [
      "string[] | null?",
      optional(union(array(string), nothing)),
      "optional NullOrStringList value = 1",
    ],
    ["number[][]", array(array(number)), "repeated NumberList value = 1"],
    ["(string | null)[]", array(union(string, nothing)), "repeated NullableString value = 1"],
    ["MaybeAddress[]", array(named("MaybeAddress")), "repeated NullableAddress value = 1"],
    [
      "(string[] | null)[]",
      array(union(array(string), nothing)),
      "repeated StringListOrNull value = 1",
    ],
    ["Record<string, Date>", map(date), "map<string, google.protobuf.Timestamp> value = 1"],
    ["Record<string, string[]>", map(array(string)), "map<string, StringList> value = 1"],
    ["Record<string, string>?", optional(map(string)), "optional StringMap value = 1"],
    ["Record<string, boolean>[]", array(map(boolean)), "repeated BooleanMap value = 1"],
    ["[string, number]", tuple(string, number), "StringNumberTuple value = 1"],
    ["enum", named("Plan"), "Plan value = 1"],
    ["enum?", optional(named("Plan")), "optional Plan value = 1"],
    ["optional literal", optional(literal("a b")), "optional ABLiteral value = 1"],
    ["optional literal number", optional(literal(-1)), "optional NumberMinus1Literal value = 1"],
    ["optional true", optional(literal(true)), "optional bool value = 1"],
    ["string | number", union(string, number), "StringOrNumber value = 1"],
    ["Shape", named("Shape"), "Shape value = 1"],
    ["Shape | null", union(named("Shape"), nothing), `optional Shape value = 1${nullable}`],
    ["Drawing | null", union(named("Drawing"), nothing), "Drawing value = 1"],
    ["Drawing[]", array(named("Drawing")), "repeated Drawing value = 1"],
  ])("%s is a field", (_, spec, field) => {
    expect(fieldOf(spec)).toBe(field);
  });

  it("literal is no field, but a constant of the message", () => {
    expect(bodyOf({ type: literal(true) }, "Box")).toEqual([
      "option (perdure.typed.v1.message) = {",
      "constants: [",
      "{",
      'name: "value"',
      'json: "true"',
      "}",
      "]",
      "};",
    ]);
  });

  it.each<[string, MemberSpec, string[]]>([
    [
      "StringList",
      optional(array(string)),
      ["option (perdure.typed.v1.message).shape = SHAPE_LIST;", "repeated string items = 1;"],
    ],
    [
      "StringMap",
      optional(map(string)),
      ["option (perdure.typed.v1.message).shape = SHAPE_MAP;", "map<string, string> entries = 1;"],
    ],
    [
      "NullableString",
      array(union(string, nothing)),
      ["option (perdure.typed.v1.message).shape = SHAPE_NULLABLE;", "optional string value = 1;"],
    ],
    [
      "NullOrString",
      optional(union(string, nothing)),
      [
        "option (perdure.typed.v1.message).shape = SHAPE_UNION;",
        "oneof value {",
        "google.protobuf.NullValue null_value = 1;",
        "string string_value = 2;",
        "}",
      ],
    ],
    [
      "StringBooleanListTuple",
      tuple(string, array(boolean)),
      [
        "option (perdure.typed.v1.message).shape = SHAPE_TUPLE;",
        "string item_1 = 1;",
        "repeated bool item_2 = 2;",
      ],
    ],
    [
      "Shape",
      named("Shape"),
      [
        "option (perdure.typed.v1.message).shape = SHAPE_UNION;",
        "oneof value {",
        "Circle circle = 1;",
        "Square square = 2;",
        "}",
      ],
    ],
    // A union in a union is a part of it.
    [
      "Drawing",
      named("Drawing"),
      [
        "option (perdure.typed.v1.message).shape = SHAPE_UNION;",
        "oneof value {",
        "google.protobuf.NullValue null_value = 1;",
        "Circle circle = 2;",
        "Square square = 3;",
        "string string_value = 4;",
        "}",
      ],
    ],
    [
      "Plan",
      named("Plan"),
      [
        "PLAN_UNSPECIFIED = 0;",
        'PLAN_FREE = 1 [(perdure.typed.v1.enum_value).text = "free"];',
        'PLAN_PRO = 2 [(perdure.typed.v1.enum_value).text = "pro"];',
      ],
    ],
  ])("needs %s", (name, spec, body) => {
    expect(bodyOf(spec, name)).toEqual(body);
  });
});

describe("services", () => {
  it("have the methods and envelopes of their kind", () => {
    const { file } = lower(
      modelOf([
        service("workflow", "Signup", { run: { input: string, output: number }, verify: {} }),
        service("object", "Counter", { add: { input: number, output: number } }),
        service("service", "user-signup", { "do.it": {} }),
      ]),
      "a.v1",
      undefined,
    );
    const methods = file?.service.flatMap(({ name, method }) =>
      method.map((one) => `${name}.${one.name}`),
    );
    expect(methods).toEqual([
      "Signup.Run",
      "Signup.Submit",
      "Signup.Attach",
      "Signup.Output",
      "Signup.Verify",
      "Counter.Add",
      "UserSignup.DoIt",
    ]);
    const fields = Object.fromEntries(
      (file?.messageType ?? []).map(({ name, field }) => [
        name,
        field.map((one) => `${one.name} ${one.number}`).join(", "),
      ]),
    );
    const envelope = "idempotency_key 3, scope 4, limit_key 5, delay 6";
    const submitted = "invocation_id 2, newly_accepted 3, execution_time 5";
    expect(fields).toEqual({
      SignupRunRequest: "key 1, input 2, scope 4, limit_key 5",
      SignupRunResponse: "output 1, invocation_id 2",
      SignupSubmitRequest: "key 1, input 2, scope 4, limit_key 5, delay 6",
      SignupSubmitResponse: submitted,
      SignupAttachRequest: "key 1, scope 4",
      SignupAttachResponse: "output 1, invocation_id 2",
      SignupOutputRequest: "key 1, scope 4",
      SignupOutputResponse: "output 1, invocation_id 2, ready 4",
      SignupVerifyRequest: `key 1, ${envelope}`,
      SignupVerifyResponse: submitted,
      CounterAddRequest: `key 1, input 2, ${envelope}`,
      CounterAddResponse: `output 1, ${submitted}`,
      UserSignupDoItRequest: envelope,
      UserSignupDoItResponse: submitted,
    });
  });

  it("leave out what speaks JSON alone, and the types that only it uses", () => {
    const { file } = lower(
      modelOf(
        [
          service("service", "Greeter", {
            greet: {},
            raw: { input: named("Odd"), jsonOnly: true },
          }),
          service("service", "Old", { greet: {} }, { jsonOnly: true }),
        ],
        [object("Odd", { __proto__x: string })],
      ),
      "a.v1",
      undefined,
    );
    expect(file?.service.map(({ name }) => name)).toEqual(["Greeter"]);
    expect(file?.service[0]?.method.map(({ name }) => name)).toEqual(["Greet"]);
    expect(file?.messageType.map(({ name }) => name)).not.toContain("Odd");
    expect(lower(modelOf([]), "a.v1", undefined)).toEqual({ diagnostics: [] });
  });
});

function only(model: Model, packageName = "a.v1"): Diagnostic {
  const { file, diagnostics } = lower(model, packageName, undefined);
  expect(file).toBeUndefined();
  expect(diagnostics).toHaveLength(1);
  const [found] = diagnostics;
  if (found === undefined) throw new Error("nothing was found");
  return found;
}

function box(members: Readonly<Record<string, MemberSpec>>, ...more: NamedType[]): Model {
  return modelWith(object("Box", members), ...more);
}

describe("errors", () => {
  it("PDR6101: a package without a version", () => {
    expect(only(box({}), "tour").code).toBe("PDR6101");
  });

  it("PDR6102: two services of one name", () => {
    const found = only(
      modelOf([service("service", "a-b", { x: {} }), service("service", "aB", { y: {} })]),
    );
    expect(found.code).toBe("PDR6102");
    expect(found.message).toBe(
      "the service aB and the service a-b (src/tour.ts:1:1) would both be AB in the protobuf package",
    );
    expect(found.place).toEqual({ file: "src/tour.ts", line: 1, column: 1 });
  });

  it.each<[string, Model, string]>([
    [
      "a service and a type",
      modelOf([service("service", "Box", { x: { input: named("Box") } })], [object("Box", {})]),
      "Box",
    ],
    [
      "a request and a type",
      modelOf(
        [service("service", "G", { x: { input: named("GXRequest") } })],
        [object("GXRequest", {})],
      ),
      "GXRequest",
    ],
    [
      "a wrapper and a type",
      box({ a: optional(array(string)), b: named("StringList") }, object("StringList", {})),
      "StringList",
    ],
    [
      "types of one protobuf name",
      box({ a: named("Foo"), b: named("foo") }, object("Foo", {}), object("foo", {})),
      "Foo",
    ],
    [
      "values of two enums",
      box(
        { a: named("Foo"), b: named("FooBar") },
        enumeration("Foo", ["bar-x"]),
        enumeration("FooBar", ["x"]),
      ),
      "FOO_BAR_X",
    ],
  ])("PDR6102: %s", (_, model, name) => {
    const found = only(model);
    expect(found.code).toBe("PDR6102");
    expect(found.message).toContain(`would both be ${name} in the protobuf package`);
  });

  it("PDR6102: two handlers of one method", () => {
    const { diagnostics } = lower(
      modelOf([service("service", "G", { "do.it": {}, doIt: {} })]),
      "a.v1",
      undefined,
    );
    expect(diagnostics.map(({ code }) => code)).toContain("PDR6102");
    expect(diagnostics[0]?.place?.line).toBeDefined();
  });

  it.each(["submit", "attach", "Output"])("PDR6103: a workflow's handler %s", (name) => {
    const { diagnostics } = lower(
      modelOf([service("workflow", "W", { run: {}, [name]: {} })]),
      "a.v1",
      undefined,
    );
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]).toMatchObject({ code: "PDR6103", place: { line: 11 } });
    expect(diagnostics[0]?.message).toContain(`the handler ${name} of W would be the method`);
    const { file } = lower(modelOf([service("object", "W", { [name]: {} })]), "a.v1", undefined);
    expect(file?.service[0]?.method).toHaveLength(1);
  });

  it.each([
    ["fooBar", "foo_bar"],
    ["userID", "userId"],
    ["a1", "a_1"],
  ])("PDR6104: members %s and %s", (a, b) => {
    const found = only(box({ [a]: string, [b]: string }));
    expect(found.code).toBe("PDR6104");
    expect(found.place?.line).toBe(3);
    expect(found.message).toContain(`Box.${b} and Box.${a} (src/tour.ts:2:1)`);
  });

  it("PDR6105: values of one enum", () => {
    const found = only(box({ a: named("Plan") }, enumeration("Plan", ["a-b", "a_b"])));
    expect(found.code).toBe("PDR6105");
    expect(found.message).toContain("PLAN_A_B in the enum Plan");
  });

  it.each(["__proto__", "", "a\0b", "[a]"])("PDR6106: a member %j", (name) => {
    const type = object("Box", {});
    const member = {
      name,
      type: string,
      optional: false,
      doc: { text: "" },
      place: { file: "a.ts", line: 7, column: 3 },
    };
    const found = only(modelWith({ ...type, members: [member] }));
    expect(found).toMatchObject({ code: "PDR6106", place: { line: 7 } });
  });

  it("PDR6106: a handler that would make clients thenable", () => {
    expect(only(modelOf([service("service", "G", { then: {} })])).code).toBe("PDR6106");
  });

  it.each<[string, MemberSpec, string]>([
    ["string | Date", union(string, date), "string and Date"],
    ["bigint | Uint8Array", union(bigint, bytes), "bigint and Uint8Array"],
    ["Plan | string", union(named("Plan"), string), "Plan and string"],
    ["string[] | [string]", union(array(string), tuple(string)), "string[] and [string]"],
    ["Address | Circle", union(named("Address"), named("Circle")), "Address and Circle"],
    ["Circle | Record", union(named("Circle"), map(string)), "Circle and Record<string, string>"],
  ])("PDR6107: %s can't be told apart", (_, spec, pair) => {
    const found = only(box({ a: spec }, ...others));
    expect(found.code).toBe("PDR6107");
    expect(found.message).toContain(pair);
    expect(found.place?.line).toBe(2);
  });

  it("PDR6108: a rename of what is still there", () => {
    const email = { type: string, renamedFrom: "mail" };
    expect(only(box({ mail: string, email }))).toMatchObject({
      code: "PDR6108",
      place: { line: 3 },
    });
  });

  it("PDR6109: two forms of one wrapper's name", () => {
    const a = tuple(named("StringNumber"), string);
    const b = tuple(string, number, string);
    expect(only(box({ a, b }, object("StringNumber", {}))).code).toBe("PDR6109");
  });

  it("PDR6110: a previous output that can't be read", () => {
    const previous = create(ManifestSchema, { descriptorSet: new Uint8Array([0xff, 1, 2]) });
    const { diagnostics } = lower(box({}), "a.v1", previous);
    expect(diagnostics).toMatchObject([{ code: "PDR6110" }]);
    const empty = create(ManifestSchema, {
      descriptorSet: toBinary(FileDescriptorSetSchema, create(FileDescriptorSetSchema)),
    });
    expect(lower(box({}), "a.v1", empty).diagnostics).toEqual([]);
  });

  it("PDR6113: more than servers take", () => {
    const members = Object.fromEntries(
      Array.from({ length: 1_001 }, (_, at) => [`m${at}`, string]),
    );
    expect(only(box(members))).toMatchObject({ code: "PDR6113", place: { line: 1 } });
  });
});
