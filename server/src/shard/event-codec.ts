// Events as bodies of log records. The record's kind is the number of the event's field in Event.

import { fromBinary, toBinary, type DescMessage } from "@bufbuild/protobuf";
import { EventSchema } from "@perdure/proto/storage/v1/events";
import { invariant } from "@perdure/protocol/assert";
import type { EventBody } from "../core/apply.js";

interface Kind {
  readonly number: number;
  readonly name: EventBody["case"];
  readonly schema: DescMessage;
}

const kinds: readonly Kind[] = EventSchema.fields.map((field) => {
  invariant(field.message !== undefined, "every event is a message");
  return {
    number: field.number,
    name: field.localName as EventBody["case"],
    schema: field.message,
  };
});
const byName = new Map(kinds.map((kind) => [kind.name, kind]));
const byNumber = new Map(kinds.map((kind) => [kind.number, kind]));

export interface EncodedEvent {
  readonly kind: number;
  readonly body: Uint8Array;
}

export function encodeEvent(event: EventBody): EncodedEvent {
  const kind = byName.get(event.case);
  invariant(kind !== undefined, `"${event.case}" is an event`);
  return { kind: kind.number, body: toBinary(kind.schema, event.value) };
}

/** Undefined for an event that this release does not know. */
export function decodeEvent(kind: number, body: Uint8Array): EventBody | undefined {
  const known = byNumber.get(kind);
  if (known === undefined) return undefined;
  return { case: known.name, value: fromBinary(known.schema, body) } as EventBody;
}
