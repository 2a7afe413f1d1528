// JSON Schemas of handlers as parts of an OpenAPI document. What a schema says of itself by position (`#/$defs/…`)
// would mean another place there, so each schema becomes a component, its definitions become components beside
// it, and its references are written anew.

const componentsPath = "#/components/schemas/";
const notInNames = /[^a-zA-Z0-9._-]/g;

/** Members of a schema whose values are data, in which nothing is a reference. */
const dataMembers: ReadonlySet<string> = new Set([
  "const",
  "enum",
  "default",
  "example",
  "examples",
]);
/** Members of a schema that hold schemas by names of the user's own. */
const mapMembers: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "dependentSchemas",
  "dependencies",
  "$defs",
  "definitions",
]);
const definitionMembers = ["$defs", "definitions"];

type Schema = Readonly<Record<string, unknown>>;

/**
 * The components that a schema becomes; none where there is no schema, or none that can be read.
 * @param name  of the component that is the schema itself; those of its definitions begin with it
 * @param text  JSON; empty for none
 */
export function embedSchema(name: string, text: string): Record<string, unknown> {
  const schema = parse(text);
  if (schema === undefined) return {};
  if (typeof schema === "boolean") return { [name]: schema };
  const { $schema: _dialect, $id: id, $defs, definitions, ...rest } = schema;
  const base = typeof id === "string" && id !== "" ? id.replace(/#$/, "") : undefined;
  const found = [$defs, definitions].map((map) => (isSchema(map) ? map : {}));
  const places = placesOf(name, found);
  const rewrite: Rewrite = (reference) => rewritten(reference, name, base, places);
  const components: Record<string, unknown> = { [name]: rewriteSchema(rest, rewrite) };
  found.forEach((map, at) => {
    for (const [key, value] of Object.entries(map)) {
      const place = places.get(placeKey(definitionMembers[at], key));
      if (place !== undefined) components[place] = rewriteSchema(value, rewrite);
    }
  });
  return components;
}

/** Whether {@link embedSchema} makes a component of it. */
export function isEmbeddable(text: string): boolean {
  return parse(text) !== undefined;
}

/** How an operation points to a component that {@link embedSchema} made. */
export function schemaReference(name: string): { readonly $ref: string } {
  return { $ref: componentsPath + name };
}

function parse(text: string): Schema | boolean | undefined {
  if (text === "") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "boolean" || isSchema(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The component of each definition. */
function placesOf(name: string, maps: readonly Schema[]): ReadonlyMap<string, string> {
  const places = new Map<string, string>();
  const taken = new Set<string>();
  maps.forEach((map, at) => {
    for (const key of Object.keys(map)) {
      let place = `${name}.${key.replace(notInNames, "_")}`;
      while (taken.has(place)) place += "_";
      taken.add(place);
      places.set(placeKey(definitionMembers[at], key), place);
    }
  });
  return places;
}

function placeKey(member: string | undefined, key: string | undefined): string {
  return `${member ?? ""}/${key ?? ""}`;
}

type Rewrite = (reference: string) => string;

function rewritten(
  reference: string,
  name: string,
  base: string | undefined,
  places: ReadonlyMap<string, string>,
): string {
  const isByBase = base !== undefined && (reference === base || reference.startsWith(`${base}#`));
  const local = isByBase ? reference.slice(base.length) : reference;
  if (local === "#" || (isByBase && local === "")) return componentsPath + name;
  if (!local.startsWith("#/")) return reference;
  const [member = "", key = "", ...rest] = local.slice(2).split("/");
  const place = places.get(placeKey(tokenOf(member), tokenOf(key)));
  if (place === undefined) return `${componentsPath}${name}/${local.slice(2)}`;
  return [componentsPath + place, ...rest].join("/");
}

/** A token of a JSON pointer in a URL. */
function tokenOf(text: string): string {
  try {
    return decodeURIComponent(text).replaceAll("~1", "/").replaceAll("~0", "~");
  } catch {
    return text;
  }
}

function rewriteSchema(value: unknown, rewrite: Rewrite): unknown {
  if (Array.isArray(value)) return value.map((item) => rewriteSchema(item, rewrite));
  if (!isSchema(value)) return value;
  // Its references start from its own id.
  if (typeof value["$id"] === "string") return value;
  return mapValues(value, (member, key) => {
    if (key === "$ref" && typeof member === "string") return rewrite(member);
    if (dataMembers.has(key)) return member;
    if (mapMembers.has(key) && isSchema(member)) {
      return mapValues(member, (schema) => rewriteSchema(schema, rewrite));
    }
    return rewriteSchema(member, rewrite);
  });
}

function mapValues(map: Schema, change: (value: unknown, key: string) => unknown): Schema {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value, key)]));
}
