// An awakeable is completed from outside: the body is its value, or the message of its failure. Fire and
// forget: whether anyone still waits for it is not looked at. Ids of the older form name awakeables of servers
// that are gone; they are taken like any id whose invocation is over.

import { create } from "@bufbuild/protobuf";
import { FailureSchema } from "@perdure/proto/protocol/v1/journal";
import {
  isOlderAwakeableId,
  parseAwakeableId,
  type AwakeableId,
} from "@perdure/protocol/awakeable-id";
import { valueOf } from "@perdure/protocol/messages";
import { readBody } from "../http/body.js";
import { ingressErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import { replyAccepted, replyError, replyWhenDone, type Exchange } from "./exchange.js";
import { bodyTooLarge } from "./invoke.js";
import type { IngressParts } from "./parts.js";

export type AwakeableOperation = "resolve" | "reject";

const failureCode = 500;

/** @throws HttpError  PDR3023 */
export function completeAwakeable(
  parts: IngressParts,
  exchange: Exchange,
  text: string,
  operation: AwakeableOperation,
): void {
  const id = awakeableOf(text);
  readBody(exchange.request, exchange.head.body, parts.bodyBytesMax, {
    complete: (body) => {
      replyWhenDone(
        exchange,
        () => (id === "gone" ? Promise.resolve() : signal(parts, id, operation, body)),
        () => replyAccepted(exchange),
      );
    },
    tooLarge: () => replyError(exchange, bodyTooLarge(parts.bodyBytesMax)),
  });
}

function awakeableOf(text: string): AwakeableId | "gone" {
  const id = parseAwakeableId(text);
  if (id !== undefined) return id;
  if (isOlderAwakeableId(text)) return "gone";
  throw new HttpError(
    ingressErrors.badAwakeableId,
    `"${text}" is no awakeable id: ids are sign_1 and 39 letters and digits`,
  );
}

function signal(
  { invocations }: IngressParts,
  { invocationId, signalId }: AwakeableId,
  operation: AwakeableOperation,
  body: Uint8Array,
): Promise<void> {
  if (operation === "resolve") {
    return invocations.signal(invocationId, signalId, { case: "value", value: valueOf(body) });
  }
  const message = new TextDecoder("utf-8", { ignoreBOM: true }).decode(body);
  const failure = create(FailureSchema, { code: failureCode, message });
  return invocations.signal(invocationId, signalId, { case: "failure", value: failure });
}
