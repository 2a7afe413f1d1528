// JSON that is checked: by a schema of any library that follows Standard Schema (zod, valibot, arktype, …). What is
// read is checked and may be changed by the schema; what is written is taken as it is: the service checks it.

import { jsonSerde, type Serde } from "./serde.js";

/** What of Standard Schema (version 1) is used here. */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
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
      throw new TypeError(
        `the value does not fit its schema: ${result.issues.map(textOf).join("; ")}`,
      );
    },
  };
}

function textOf({ message, path = [] }: StandardIssue): string {
  const steps = path.map((step) => (typeof step === "object" ? step.key : step));
  return steps.length === 0 ? message : `/${steps.map(String).join("/")}: ${message}`;
}
