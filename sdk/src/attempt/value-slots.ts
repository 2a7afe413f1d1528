// Where entries hold the value that a user wrote or will read, so that a codec can change it.

import type { Entry, Value } from "@perdure/proto/protocol/v1/journal";
import { valueOf } from "@perdure/protocol/messages";

type EntryType = NonNullable<Entry["body"]["case"]>;
/** A field of its own, or one of several results of which only "value" is one. */
type Slot = { readonly field: string; readonly oneOf: boolean };

const none = undefined;
const plain = (field: string): Slot => ({ field, oneOf: false });
const oneOf = (field: string): Slot => ({ field, oneOf: true });

const slots: Record<EntryType, Slot | undefined> = {
  input: plain("value"),
  output: oneOf("result"),
  run: none,
  sleep: none,
  getState: oneOf("eager"),
  setState: plain("value"),
  clearState: none,
  clearAllState: none,
  getStateKeys: none,
  getPromise: none,
  peekPromise: none,
  completePromise: oneOf("result"),
  call: plain("parameter"),
  send: plain("parameter"),
  completeAwakeable: oneOf("result"),
  sendSignal: oneOf("result"),
  attach: none,
  getOutput: none,
  cancel: none,
  completion: oneOf("result"),
  signal: oneOf("result"),
};

/** The entry with its value changed; the same entry where it has none. The given one stays as it is. */
export function withValue(entry: Entry, change: (value: Value) => Value): Entry {
  const { body } = entry;
  if (body.case === undefined) return entry;
  const slot = slots[body.case];
  if (slot === undefined) return entry;
  const fields = body.value as unknown as Record<string, unknown>;
  const changed = slot.oneOf
    ? withResult(fields[slot.field] as Result, change)
    : change((fields[slot.field] as Value | undefined) ?? valueOf(new Uint8Array()));
  if (changed === fields[slot.field]) return entry;
  const value = { ...fields, [slot.field]: changed };
  return { ...entry, body: { case: body.case, value } as unknown as Entry["body"] };
}

interface Result {
  readonly case: string | undefined;
  readonly value?: unknown;
}

/** A result with its value changed; the same one where it is a failure, or nothing. */
export function withResult<R extends Result>(result: R, change: (value: Value) => Value): R {
  if (result.case !== "value") return result;
  return { ...result, value: change(result.value as Value) };
}
