// JSON that is checked: by a schema of any library that follows Standard Schema (zod, valibot, arktype, …). What is
// read is checked and may be changed by the schema; what is written is taken as it is: the service checks it.

import { issuesText, type SchemaResult } from "@perdure/protocol/schema-issues";
import { jsonSerde, type Serde } from "./serde.js";

export type {
  SchemaIssue as StandardIssue,
  SchemaResult as StandardResult,
} from "@perdure/protocol/schema-issues";

/** What of Standard Schema (version 1) is used here. */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/**
 * JSON whose values fit a schema.
 * @throws TypeError  on reading: the value does not fit, or the schema can't be checked at once
 */
export function schemaSerde<Output>(schema: StandardSchema<Output>): Serde<Output> {
  return {
    contentType: jsonSerde.contentType,
    serialize: (value) => jsonSerde.serialize(value),
    deserialize(bytes) {
      const result = schema["~standard"].validate(jsonSerde.deserialize(bytes));
      if (result instanceof Promise) {
        throw new TypeError("the schema is asynchronous; serdes need one that answers at once");
      }
      if (result.issues === undefined) return result.value;
      throw new TypeError(`the value does not fit its schema: ${issuesText(result.issues)}`);
    },
  };
}
