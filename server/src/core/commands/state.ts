// What the state commands have in common: whose state it is, and who may write it.

import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import { keyBytesMax } from "@perdure/protocol/limits";
import { CommandRejected, type Draft } from "../context.js";
import { namedKey, textKey } from "../keys.js";
import { objectOf } from "../lock.js";

/** The object or workflow whose state the invocation sees. */
export function readableState(draft: Draft): string {
  const object = objectOf(draft.invocation);
  if (object === undefined || draft.invocation.serviceKind === ServiceKind.SERVICE) {
    throw new CommandRejected("PDR2007", "a plain service has no state");
  }
  return object;
}

/** The key of a state row. */
export function stateRowKey(object: string, name: string): string {
  checkKey("state key", name);
  return namedKey(object, name);
}

/** Text that becomes part of a key of the store: its length is limited at the door. */
export function checkKey(what: string, text: string): void {
  const { length } = textKey(text);
  if (length <= keyBytesMax) return;
  throw new CommandRejected(
    "PDR2011",
    `a ${what} has ${String(length)} bytes, more than ${String(keyBytesMax)}: "${text.slice(0, 40)}…". Shorten it`,
  );
}

export function writableState(draft: Draft): string {
  const object = readableState(draft);
  if (draft.invocation.handlerKind === HandlerKind.SHARED) {
    throw new CommandRejected("PDR2007", "a shared handler can't write state");
  }
  return object;
}
