// The JSON body that names an invocation: {"target":"workflow"|"idempotentInvocation"|"invocation", …}.

import { errorMessage } from "@perdure/protocol/error-message";
import { isInvocationId } from "@perdure/protocol/ids";
import { ingressErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import type { InvocationRef } from "../shard/invocations.js";
import { checkScope } from "./scope.js";
import { checkIdempotencyKeyText, checkKey } from "./target.js";

type Fields = Readonly<Record<string, unknown>>;

const forms =
  '{"target":"workflow","workflowName":…,"workflowKey":…,"scope"?:…}, ' +
  '{"target":"idempotentInvocation","service":…,"key"?:…,"handler":…,"idempotencyKey":…,"scope"?:…} or ' +
  '{"target":"invocation","invocationId":…}';

/** @throws HttpError  PDR3015, or what is wrong with a key in it */
export function parseTarget(body: Uint8Array): InvocationRef {
  const fields = parseObject(body);
  switch (fields["target"]) {
    case "workflow": {
      const key = text(fields, "workflowKey");
      checkKey(key);
      return {
        kind: "workflow",
        workflow: text(fields, "workflowName"),
        key,
        scope: scopeOf(fields),
      };
    }
    case "idempotentInvocation": {
      const { key } = fields;
      const ref = {
        kind: "idempotent",
        service: text(fields, "service"),
        handler: text(fields, "handler"),
        key: key === undefined || key === null ? undefined : text(fields, "key"),
        idempotencyKey: text(fields, "idempotencyKey"),
        scope: scopeOf(fields),
      } as const;
      if (ref.key !== undefined) checkKey(ref.key);
      checkIdempotencyKeyText(ref.idempotencyKey);
      return ref;
    }
    case "invocation": {
      const invocationId = text(fields, "invocationId");
      checkInvocationId(invocationId);
      return { kind: "id", invocationId };
    }
    default:
      throw badTarget(`unknown target ${JSON.stringify(fields["target"])}; send ${forms}`);
  }
}

/** @throws HttpError  PDR3026 */
export function checkInvocationId(invocationId: string): void {
  if (isInvocationId(invocationId)) return;
  throw new HttpError(
    ingressErrors.badInvocationId,
    `bad invocation id "${invocationId}": ids are inv_1 and 33 letters and digits`,
  );
}

/** @throws HttpError  PDR3015, PDR3024 */
function scopeOf(fields: Fields): string | undefined {
  if (fields["scope"] === undefined || fields["scope"] === null) return undefined;
  const scope = text(fields, "scope");
  checkScope(scope);
  return scope;
}

function parseObject(body: Uint8Array): Fields {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString());
  } catch (error) {
    const why = errorMessage(error);
    throw badTarget(`cannot read body: ${why}; send ${forms}`);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw badTarget(`cannot read body: not a JSON object; send ${forms}`);
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === "string") return value;
  throw badTarget(
    value === undefined
      ? `cannot read body: "${name}" is missing; send ${forms}`
      : `cannot read body: "${name}" must be a string; send ${forms}`,
  );
}

function badTarget(message: string): HttpError {
  return new HttpError(ingressErrors.badTarget, message);
}
