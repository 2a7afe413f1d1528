// The requests that ask for the result of what was submitted: wait for it, look for it.
//
// Results are asked for by a target in the body, not by a path: any key fits in there, and its scope.

import type { Output } from "./client-types.js";
import type { Connection } from "./connection.js";
import type { ResultOptions } from "./options.js";
import { jsonSerde } from "./serde.js";
import { scopeName } from "./target-path.js";
import type { IngressRequest } from "./transport.js";
import type { MaybeSerde } from "./values.js";

/** What names an invocation in the ingress's `attach` and `output`. */
export type ResultTarget =
  | { readonly target: "invocation"; readonly invocationId: string }
  | {
      readonly target: "workflow";
      readonly workflowName: string;
      readonly workflowKey: string;
      readonly scope?: string | undefined;
    };

export interface ResultRequest {
  readonly target: ResultTarget;
  readonly options: ResultOptions;
  /** What the definition declares for the result. */
  readonly declared: MaybeSerde;
}

/** Waits until there is a result. */
export async function attach(
  { transport, values }: Connection,
  request: ResultRequest,
): Promise<unknown> {
  const what = `waiting for ${nameOf(request.target)}`;
  const answer = await transport({ ...requestOf(what, request), path: "/restate/attach" });
  return values.read(what, answer, [request.options.output, request.declared]);
}

/** The status that says: known, and not completed yet. */
const notReady = 470;

/** Looks whether there is a result. */
export async function output(
  { transport, values }: Connection,
  request: ResultRequest,
): Promise<Output<unknown>> {
  const what = `reading the output of ${nameOf(request.target)}`;
  const answer = await transport({
    ...requestOf(what, request),
    path: "/restate/output",
    alsoGood: [notReady],
  });
  if (answer.status === notReady) return { ready: false, result: undefined };
  const result = await values.read(what, answer, [request.options.output, request.declared]);
  return { ready: true, result };
}

function requestOf(
  what: string,
  { target, options: { headers, timeout, signal } }: ResultRequest,
): Omit<IngressRequest, "path"> {
  return {
    what,
    body: jsonSerde.serialize(target),
    contentType: "application/json",
    headers,
    timeout,
    signal,
    isRepeatable: true,
  };
}

function nameOf(target: ResultTarget): string {
  return target.target === "invocation"
    ? target.invocationId
    : `${target.workflowName}/${target.workflowKey}${scopeName(target.scope)}`;
}
