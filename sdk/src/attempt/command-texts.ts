// Names, keys and headers are text. Another value is a mistake of the code, whatever its types say: it is found where it is
// made, and not where it would be written into a frame.

import type { Entry, Header, Target } from "@perdure/proto/protocol/v1/journal";

/** @throws TypeError  PDR2029: something that a command says in text is none */
export function checkTexts(name: string, body: Entry["body"]): void {
  checkText("the name of a command", name);
  switch (body.case) {
    case "getState":
    case "setState":
    case "clearState":
      return checkText("the key of a state", body.value.key);
    case "getPromise":
    case "peekPromise":
    case "completePromise":
      return checkText("the name of a promise", body.value.promise);
    case "call":
    case "send": {
      const { target, headers, idempotencyKey } = body.value;
      if (target !== undefined) checkTarget(target);
      for (const header of headers) checkHeader(header);
      return checkOptional("an idempotency key", idempotencyKey);
    }
    case "attach":
    case "getOutput":
      return checkReference(body.value.target?.reference.value);
    default:
  }
}

/** @throws TypeError  PDR2029 */
export function checkText(what: string, text: unknown): void {
  if (typeof text === "string") return;
  throw new TypeError(`${what} is text, and not ${kindOf(text)} (PDR2029)`);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function checkOptional(what: string, text: unknown): void {
  if (text !== undefined) checkText(what, text);
}

function checkTarget({ service, handler, key }: Target): void {
  checkText("the service of a call", service);
  checkText("the handler of a call", handler);
  checkOptional("the key of a call", key);
}

function checkHeader({ name, value }: Header): void {
  checkText(`the header "${name}" of a call`, value);
}

function checkReference(reference: string | object | undefined): void {
  if (typeof reference !== "object") return;
  for (const [part, text] of Object.entries(reference)) {
    if (!part.startsWith("$")) checkOptional(`the ${part} of an invocation`, text);
  }
}
