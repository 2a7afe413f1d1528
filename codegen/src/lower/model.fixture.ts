// Models for tests, with little to write: `handler({ input: string })`, `object("User", { name: string })`.

import type { HandlerModel, Model, ServiceModel } from "../model/services.js";
import type {
  EnumType,
  EnumValue,
  Member,
  NamedType,
  NumberForm,
  ObjectType,
  UnionType,
  ValueType,
} from "../model/types.js";

export const string: ValueType = { kind: "string" };
export const number: ValueType = { kind: "number" };
export const boolean: ValueType = { kind: "boolean" };
export const bigint: ValueType = { kind: "bigint" };
export const date: ValueType = { kind: "date" };
export const bytes: ValueType = { kind: "bytes" };
export const json: ValueType = { kind: "json" };
export const nothing: ValueType = { kind: "null" };

export function numberAs(form: NumberForm): ValueType {
  return { kind: "number", form };
}

export function literal(value: string | number | boolean): ValueType {
  return { kind: "literal", value };
}

export function array(element: ValueType): ValueType {
  return { kind: "array", element };
}

export function map(value: ValueType): ValueType {
  return { kind: "map", value };
}

export function tuple(...items: ValueType[]): ValueType {
  return { kind: "tuple", items };
}

export function union(...members: ValueType[]): ValueType {
  return { kind: "union", members };
}

export function named(name: string): ValueType {
  return { kind: "named", name };
}

export function place(line: number): { file: string; line: number; column: number } {
  return { file: "src/tour.ts", line, column: 1 };
}

export type MemberSpec = ValueType | (Partial<Member> & { readonly type: ValueType });

export function object(
  name: string,
  members: Readonly<Record<string, MemberSpec>>,
  more: Partial<ObjectType> = {},
): ObjectType {
  return {
    kind: "object",
    name,
    doc: { text: "" },
    place: place(1),
    anonymous: false,
    ...more,
    members: Object.entries(members).map(([member, spec], at) => ({
      name: member,
      optional: false,
      doc: { text: "" },
      place: place(at + 2),
      ...("type" in spec ? spec : { type: spec }),
    })),
  };
}

export function optional(type: ValueType, more: Partial<Member> = {}): MemberSpec {
  return { type, optional: true, ...more };
}

export function enumeration(
  name: string,
  values: Readonly<Record<string, string | number>> | readonly (string | number)[],
  more: Partial<EnumType> = {},
): EnumType {
  const entries: EnumValue[] = Array.isArray(values)
    ? values.map((value: string | number) => ({ name: String(value), value, doc: { text: "" } }))
    : Object.entries(values).map(([key, value]) => ({ name: key, value, doc: { text: "" } }));
  return {
    kind: "enum",
    name,
    doc: { text: "" },
    place: place(1),
    anonymous: false,
    ...more,
    values: entries,
  };
}

export function namedUnion(
  name: string,
  members: readonly ValueType[],
  more: Partial<UnionType> = {},
): UnionType {
  return {
    kind: "union",
    name,
    doc: { text: "" },
    place: place(1),
    anonymous: false,
    ...more,
    members,
  };
}

export interface HandlerSpec extends Partial<Omit<HandlerModel, "name" | "input" | "output">> {
  readonly input?: ValueType;
  readonly inputOptional?: boolean;
  readonly output?: ValueType;
  readonly bytes?: boolean;
}

export function service(
  kind: ServiceModel["kind"],
  name: string,
  handlers: Readonly<Record<string, HandlerSpec>>,
  more: Partial<ServiceModel> = {},
): ServiceModel {
  return {
    name,
    symbol: name,
    kind,
    doc: { text: "" },
    metadata: {},
    options: {},
    place: place(1),
    ...more,
    handlers: Object.entries(handlers).map(([handler, spec], at) =>
      handlerOf(handler, kind, spec, at),
    ),
  };
}

function handlerOf(
  name: string,
  kind: ServiceModel["kind"],
  { input, inputOptional, output, bytes: isBytes, ...more }: HandlerSpec,
  at: number,
): HandlerModel {
  const encoding = isBytes === true ? "bytes" : "json";
  const at1 = place(at + 10);
  return {
    name,
    kind:
      kind === "workflow" && name === "run" ? "run" : kind === "object" ? "exclusive" : "shared",
    doc: { text: "" },
    metadata: {},
    options: {},
    steps: { steps: [], complete: true },
    place: at1,
    ...more,
    ...(input === undefined
      ? {}
      : {
          input: {
            name: "input",
            type: input,
            optional: inputOptional === true,
            encoding,
            place: at1,
          },
        }),
    ...(output === undefined
      ? {}
      : { output: { type: output, optional: false, encoding, place: at1 } }),
  };
}

export function modelOf(
  services: readonly ServiceModel[],
  types: readonly NamedType[] = [],
): Model {
  return { services, types: new Map(types.map((type) => [type.name, type])) };
}

/** A model of one service with one handler that takes this object. */
export function modelWith(input: NamedType, ...others: NamedType[]): Model {
  return modelOf(
    [service("service", "Greeter", { greet: { input: named(input.name) } })],
    [input, ...others],
  );
}

/** Every form of type, name and service there is. */
export function richModel(): Model {
  const user = object(
    "User",
    {
      name: { type: string, doc: { text: "What people call them.\n\nMay be */ empty." } },
      userID: { type: bigint },
      "content-type": optional(string),
      age: numberAs("int32"),
      visits: numberAs("int64"),
      scores: array(numberAs("uint64")),
      ratio: numberAs("float"),
      born: date,
      avatar: optional(bytes),
      extra: json,
      maybeExtra: optional(json),
      email: union(string, nothing),
      phone: optional(union(string, nothing)),
      tags: array(string),
      nicknames: optional(array(string)),
      friends: union(array(named("User")), nothing),
      matrix: array(array(number)),
      holes: array(union(number, nothing)),
      settings: map(string),
      friendSettings: map(named("User")),
      lists: map(array(string)),
      maybeLists: optional(map(array(union(string, nothing)))),
      position: tuple(number, number, union(string, nothing), array(string)),
      plan: named("Plan"),
      level: union(named("Level"), nothing),
      color: optional(named("Color")),
      shape: named("Shape"),
      maybeShape: optional(union(named("Shape"), nothing)),
      shapes: array(named("Shape")),
      version: literal(1),
      mode: optional(literal("fast")),
      always: optional(literal(true)),
      idOrName: union(string, number),
      none: nothing,
      best: optional(named("User")),
      größe: { type: number, doc: { text: "", deprecated: "use age" } },
      "2fa": boolean,
      _private: boolean,
      constructor: string,
      tree: named("Tree"),
    },
    { doc: { text: "Someone.\n\n- with a list\n  and more", deprecated: "" } },
  );
  return modelOf(
    [
      service("object", "Counter", {
        add: { input: number, output: number },
        get: { output: number, kind: "shared" },
        blob: { input: bytes, output: bytes, bytes: true },
      }),
      service(
        "workflow",
        "SignupWorkflow",
        {
          run: { input: named("User"), output: named("SignupWorkflowRunOutput") },
          verifyEmail: { input: named("SignupWorkflowVerifyEmailInput") },
        },
        { doc: { text: "Signs people up." } },
      ),
      service("service", "user-signup", {
        "do.it": { input: array(named("User")), output: array(date) },
        maybe: { input: string, inputOptional: true, output: union(bigint, nothing) },
        pick: { input: named("Shape"), output: literal("ok") },
        secret: { input: json, jsonOnly: true },
        nothing: {},
      }),
    ],
    [
      user,
      enumeration("Plan", ["free", "pro-plus", "unspecified", ""], { doc: { text: "A plan." } }),
      enumeration("Level", { Low: 1, High: -2, Same: 1, Half: 0.5 }),
      enumeration("Color", { Red: "red", DarkBlue: "BLUE" }),
      namedUnion("Shape", [named("Circle"), named("Square"), string, array(number), nothing]),
      object("Circle", { kind: literal("circle"), radius: number }),
      object("Square", { kind: literal("square"), side: number }),
      namedUnion("Tree", [string, array(named("Tree"))]),
      object("SignupWorkflowRunOutput", { ok: boolean, at: date }, { anonymous: true }),
      object("SignupWorkflowVerifyEmailInput", { secret: string }, { anonymous: true }),
    ],
  );
}
