// What a serde makes of values, as far as it matters here: JSON, bytes, nothing; or something that only it knows.

import { ts } from "ts-morph";
import type { ReadContext } from "../read-context.js";
import { settled, type StaticMember } from "./static-values.js";
import { sdkNameOf } from "./symbols.js";

export type SerdeForm =
  | { readonly kind: "json" }
  /** JSON, checked by a schema. */
  | { readonly kind: "schema"; readonly schema: ts.Expression }
  | { readonly kind: "bytes" }
  | { readonly kind: "empty" }
  | { readonly kind: "other"; readonly node: ts.Node };

const json: SerdeForm = { kind: "json" };

const bySdkName: ReadonlyMap<string, SerdeForm> = new Map<string, SerdeForm>([
  ["Serdes.json", json],
  ["Serdes.JsonSerde", json],
  ["JsonSerde", json],
  ["JsonSerde.schema", json],
  ["Serdes.binary", { kind: "bytes" }],
  ["Serdes.empty", { kind: "empty" }],
]);

/** Of none: JSON, the default. */
export function serdeFormOf(
  context: ReadContext,
  member: StaticMember | undefined,
  isSchema: boolean,
): SerdeForm {
  if (member === undefined) return json;
  const { value } = member;
  if (!ts.isExpression(value)) return { kind: "other", node: value };
  if (isSchema) return { kind: "schema", schema: value };
  const expression = settled(context, value);
  if (ts.isIdentifier(expression) && expression.text === "undefined") return json;
  const isMade = ts.isCallExpression(expression) || ts.isNewExpression(expression);
  const name = sdkNameOf(context, isMade ? expression.expression : expression);
  const schema = isMade ? expression.arguments?.[0] : undefined;
  if (name === "Serdes.schema" && schema !== undefined) return { kind: "schema", schema };
  return bySdkName.get(name ?? "") ?? { kind: "other", node: value };
}

/** What a Standard Schema takes, which is what callers send; undefined: its type doesn't say. */
export function schemaInputOf(
  { checker }: ReadContext,
  schema: ts.Expression,
): ts.Type | undefined {
  const standard = propertyType(checker, checker.getTypeAtLocation(schema), "~standard");
  const types = standard && propertyType(checker, standard, "types");
  return types && propertyType(checker, checker.getNonNullableType(types), "input");
}

function propertyType(checker: ts.TypeChecker, type: ts.Type, name: string): ts.Type | undefined {
  const property = checker.getPropertyOfType(type, name);
  return property && checker.getTypeOfSymbol(property);
}
