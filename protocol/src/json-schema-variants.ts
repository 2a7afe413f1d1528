// A JSON Schema as the alternatives that it stands for: single values, and forms of values. So that `type: ["string",
// "null"]`, `anyOf` and `enum` are compared in one way.

export type JsonSchema = Readonly<Record<string, unknown>>;

export interface Variants {
  /** Takes everything: nothing else is looked at. */
  readonly isAny: boolean;
  /** Single values, as JSON text. */
  readonly literals: ReadonlySet<string>;
  readonly forms: readonly JsonSchema[];
}

/** Words that say something of values; a schema without any of them takes everything. */
const validating: readonly string[] = [
  "$ref",
  "type",
  "x-perdure-type",
  "enum",
  "const",
  "anyOf",
  "oneOf",
  "allOf",
  "not",
  "if",
  "properties",
  "required",
  "additionalProperties",
  "patternProperties",
  "propertyNames",
  "items",
  "prefixItems",
  "contains",
  "minLength",
  "maxLength",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "pattern",
  "format",
  "minItems",
  "maxItems",
  "uniqueItems",
  "minProperties",
  "maxProperties",
];

export function isSchema(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @param root  where `#/…` begins */
export function variantsOf(schema: unknown, root: JsonSchema): Variants {
  const collected = { root, literals: new Set<string>(), forms: [], seen: new Set<JsonSchema>() };
  return { ...collected, isAny: collect(collected, schema, 0) };
}

interface Collected {
  readonly root: JsonSchema;
  readonly literals: Set<string>;
  readonly forms: JsonSchema[];
  /** Each is looked at once, however often it is referred to. */
  readonly seen: Set<JsonSchema>;
}

/** Alternatives within alternatives, deeper than anyone writes them. */
const depthMax = 64;

/** @returns whether it takes everything */
function collect(into: Collected, schema: unknown, depth: number): boolean {
  if (schema === false) return false;
  if (!isSchema(schema) || depth > depthMax) return true;
  if (into.seen.has(schema)) return false;
  into.seen.add(schema);
  if (!validating.some((word) => word in schema)) return true;
  const { literals } = into;
  const { $ref, enum: values, type } = schema;
  if (typeof $ref === "string") {
    return collect(into, resolved($ref, into.root), depth + 1);
  }
  if ("const" in schema) literals.add(JSON.stringify(schema["const"]));
  else if (Array.isArray(values)) for (const one of values) literals.add(JSON.stringify(one));
  else if (type === "null") literals.add("null");
  else {
    const inner = schema["anyOf"] ?? schema["oneOf"];
    const parts: unknown = Array.isArray(type) ? typesOf(schema, type) : inner;
    if (!Array.isArray(parts)) into.forms.push(schema);
    else {
      const taken = parts.map((one) => collect(into, one, depth + 1));
      return taken.includes(true);
    }
  }
  return false;
}

const splitTypes = new WeakMap<JsonSchema, readonly JsonSchema[]>();

/** The same objects each time: what was compared is known by them. */
function typesOf(schema: JsonSchema, types: readonly unknown[]): readonly JsonSchema[] {
  const known = splitTypes.get(schema);
  if (known !== undefined) return known;
  // There are seven.
  const split = [...new Set(types)].slice(0, 16).map((type) => ({ ...schema, type }));
  splitTypes.set(schema, split);
  return split;
}

/** What `#/$defs/User` means; what is nowhere takes everything. */
function resolved(ref: string, root: JsonSchema): unknown {
  if (!ref.startsWith("#")) return {};
  const parts = ref.slice(1).split("/").slice(1);
  return parts.reduce<unknown>((at, part) => {
    const name = decodeURIComponent(part).replace(/~1/g, "/").replace(/~0/g, "~");
    return isSchema(at) && Object.hasOwn(at, name) ? at[name] : undefined;
  }, root);
}

/** What kind of value a form is: "string", "Date", "object", …. */
export function kindOf(form: JsonSchema): string {
  const { type, "x-perdure-type": declared } = form;
  if (typeof declared === "string") return declared;
  if (typeof type === "string") return type;
  if ("properties" in form || "required" in form || "additionalProperties" in form) return "object";
  return "items" in form || "prefixItems" in form ? "array" : "value";
}

/** Members that can have one value only, by which forms of one kind are told apart. */
export function constantsOf(form: JsonSchema): ReadonlyMap<string, string> {
  const { properties } = form;
  const constants = new Map<string, string>();
  if (!isSchema(properties)) return constants;
  for (const [name, member] of Object.entries(properties)) {
    if (isSchema(member) && "const" in member) constants.set(name, JSON.stringify(member["const"]));
  }
  return constants;
}

const kindTexts: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  integer: "a whole number",
  boolean: "a boolean",
  array: "a list",
  object: "an object",
  value: "a value of another form",
  Date: "a Date",
  bigint: "a bigint",
  Uint8Array: "bytes",
};

/** "a string", "an object with kind \"circle\"". */
export function formText(form: JsonSchema): string {
  const text = kindTexts[kindOf(form)] ?? kindOf(form);
  const [constant] = constantsOf(form);
  return constant === undefined ? text : `${text} with ${constant[0]} ${constant[1]}`;
}

/** Whether one of some forms takes a single value, as far as their kinds say it. */
export function takesLiteral(kinds: ReadonlySet<string>, literal: string): boolean {
  const value = JSON.parse(literal) as unknown;
  return kinds.has(typeof value) || (kinds.has("integer") && Number.isInteger(value));
}
