// What the state commands have in common: whose state it is, and who may write it.

import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import { CommandRejected, type Draft } from "../context.js";
import { objectOf } from "../lock.js";

/** The object or workflow whose state the invocation sees. */
export function readableState(draft: Draft): string {
  const object = objectOf(draft.invocation);
  if (object === undefined || draft.invocation.serviceKind === ServiceKind.SERVICE) {
    throw new CommandRejected("PDR2007", "a plain service has no state");
  }
  return object;
}

export function writableState(draft: Draft): string {
  const object = readableState(draft);
  if (draft.invocation.handlerKind === HandlerKind.SHARED) {
    throw new CommandRejected("PDR2007", "a shared handler can't write state");
  }
  return object;
}
