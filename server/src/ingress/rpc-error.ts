// Errors as Connect, gRPC and gRPC-Web clients get them, of the untyped and of the typed services alike: a code, the
// PDR code in the metadata `x-perdure-error-code`, and with an invocation's own failure a FailureDetail.

import { Code, ConnectError } from "@connectrpc/connect";
import { FailureDetailSchema } from "@perdure/proto/ingress/v1/ingress";
import type { Failure } from "@perdure/proto/protocol/v1/journal";
import { invocationErrors } from "../http/error-codes.js";
import { connectCodeOf } from "../http/http-error.js";
import type { HttpError } from "../http/http-error.js";
import type { RegistryView } from "../shard/registry-view.js";
import type { Outcome } from "../shard/invocations.js";
import { metadataOf } from "./exchange.js";
import { isWorkflowAlreadyInvoked } from "./failures.js";

/** What the ingress itself says no to. */
export function connectErrorOf(error: HttpError): ConnectError {
  const metadata = new Headers({ "x-perdure-error-code": error.code });
  const headers = error.headers();
  for (let at = 0; at + 1 < headers.length; at += 2) {
    metadata.set(headers[at] ?? "", headers[at + 1] ?? "");
  }
  return new ConnectError(error.message, connectCodeOf(error.status), metadata);
}

/**
 * The bytes that an invocation ended with.
 * @throws ConnectError  where it failed: PDR3030, PDR3031
 */
export function valueOf(view: RegistryView, outcome: Outcome): Uint8Array {
  if (outcome.kind === "value") return outcome.value;
  const { failure, invocationId } = outcome;
  const isDuplicate = isWorkflowAlreadyInvoked(view, outcome, failure);
  throw new ConnectError(
    failure.message,
    isDuplicate ? Code.AlreadyExists : connectCodeOf(failure.code),
    {
      "x-restate-id": invocationId,
      "x-restate-error-source": "invocation",
      "x-perdure-error-code": isDuplicate
        ? invocationErrors.workflowAlreadyInvoked
        : invocationErrors.failed,
    },
    [{ desc: FailureDetailSchema, value: detailOf(failure) }],
  );
}

/** A failure as a FailureDetail. */
export function detailOf(failure: Failure): {
  code: number;
  message: string;
  metadata: Record<string, string>;
} {
  return { code: failure.code, message: failure.message, metadata: metadataOf(failure) };
}
