// JSON checked by a Standard Schema when it is read.

import { issuesText } from "@perdure/protocol/schema-issues";
import { readJson, writeJson } from "./json-text.js";
import type { Serde } from "./serde.js";
import { jsonSchemaOf, type OutputOf, type StandardSchema } from "./standard-schema.js";

type Options = Readonly<Record<string, unknown>>;

export function schemaSerde<S extends StandardSchema>(
  schema: S,
  validateOptions?: Options,
  jsonSchemaOptions?: Options,
): Serde<OutputOf<S>> {
  const jsonSchema = jsonSchemaOf(schema, jsonSchemaOptions);
  return {
    // A schema that takes nothing must not ask callers for a content type.
    contentType: takesNothing(schema, validateOptions) ? undefined : "application/json",
    jsonSchema,
    serialize: writeJson,
    deserialize: (bytes) => validated(schema, readJson(bytes), validateOptions) as OutputOf<S>,
  };
}

/** @throws TypeError  the value does not fit, naming the fields; or the schema is asynchronous (PDR2022) */
function validated(schema: StandardSchema, value: unknown, options: Options | undefined): unknown {
  const result = schema["~standard"].validate(value, options);
  if (isPromise(result)) {
    // What it comes to interests nobody any more.
    result.then(undefined, () => undefined);
    throw new TypeError(
      `the schema (of ${schema["~standard"].vendor}) is asynchronous: only synchronous validation is supported (PDR2022)`,
    );
  }
  if (result.issues === undefined) return result.value;
  throw new TypeError(`the value does not fit its schema: ${issuesText(result.issues)} (PDR2022)`);
}

function takesNothing(schema: StandardSchema, options: Options | undefined): boolean {
  try {
    const result = schema["~standard"].validate(undefined, options);
    if (!isPromise(result)) return result.issues === undefined;
    result.then(undefined, () => undefined);
  } catch {
    // A schema that throws takes nothing either.
  }
  return false;
}

function isPromise<T>(result: T | Promise<T>): result is Promise<T> {
  return typeof (result as { then?: unknown } | undefined)?.then === "function";
}
