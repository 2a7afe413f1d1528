// What we need of Standard Schema v1 and its JSON Schema part (standardschema.dev): an interface that schema
// libraries implement, so that none of them has to be imported here.

import type { SchemaResult } from "@perdure/protocol/schema-issues";

export interface StandardSchema<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (
      value: unknown,
      // oxlint-disable-next-line typescript/no-explicit-any -- each library has options of its own
      options?: any,
    ) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** The type of the values that the schema gives. */
export type OutputOf<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["output"];

const target = "draft-2020-12";

interface JsonSchemaPart {
  readonly jsonSchema?: {
    readonly input?: (options: object) => object;
  };
}

/** Zod before it had the JSON Schema part. */
interface WithOwnMethod {
  readonly toJSONSchema?: (options?: object) => object;
}

/**
 * The schema as JSON Schema draft 2020-12; undefined where the library can't say it. Of what it reads, since that is what
 * is on the wire: a field with a default may be left out.
 */
export function jsonSchemaOf(
  schema: StandardSchema,
  options: Readonly<Record<string, unknown>> | undefined,
): object | undefined {
  const { jsonSchema } = schema["~standard"] as JsonSchemaPart;
  const { toJSONSchema } = schema as WithOwnMethod;
  try {
    if (typeof jsonSchema?.input === "function") {
      return jsonSchema.input({
        target,
        ...(options === undefined ? {} : { libraryOptions: options }),
      });
    }
    if (typeof toJSONSchema === "function")
      return toJSONSchema.call(schema, { target, io: "input", ...options });
  } catch {
    // Not everything that can be checked can be said: a transform, a date. Checking works all the same.
  }
  return undefined;
}
