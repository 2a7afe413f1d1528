// What one invocation may have: values of a size, a journal of a size. Whoever goes beyond is told early, and
// rests before it harms others.

import type { AppendedItem } from "@perdure/proto/storage/v1/events";
import { journalEntriesMax } from "@perdure/protocol/limits";
import { entryBytes, resultBytes } from "../store/table-specs.js";
import type { Attempt } from "./attempt.js";

type Item = Exclude<AppendedItem["item"], { case: undefined }>;

/** What an item may have around its value: names, ids, a target. */
export const envelopeBytes = 1_000;

/** What a frame may have beside its value: headers, state keys, a stack. A value is judged when the frame is whole. */
export const frameOverheadMax: number = 1024 * 1024;

/** In memory, roughly. */
export function itemBytes(item: Item): number {
  if (item.case === "command") return entryBytes(item.value);
  return 300 + resultBytes(item.value.result);
}

/** A value is larger than the server takes. */
export class ValueTooLarge extends Error {
  override readonly name = "ValueTooLarge";
  readonly code = "PDR2015";
}

/** @throws ValueTooLarge */
export function checkValue(bytes: number, bytesMax: number): void {
  if (bytes > bytesMax) throw valueTooLarge(bytes, bytesMax);
}

/** @param bytes  those that are known of: a frame that is not taken is not read to its end */
export function valueTooLarge(bytes: number, bytesMax: number): ValueTooLarge {
  return new ValueTooLarge(
    `a value of some ${String(bytes)} bytes is larger than the ${String(bytesMax)} that the server records (bodyBytesMax). Keep large data elsewhere, and record where`,
  );
}

export interface Excess {
  readonly code: string;
  readonly message: string;
}

/** Undefined for an attempt that has no more than it may. */
export function excessOf(attempt: Attempt, bytesMax: number): Excess | undefined {
  const { bytes, entries } = attempt;
  if (bytes > bytesMax) {
    return {
      code: "PDR2016",
      message: `its journal and state have some ${String(bytes)} bytes, more than the ${String(bytesMax)} that one attempt may have (attemptBytesMax)`,
    };
  }
  if (entries > journalEntriesMax) {
    return {
      code: "PDR2017",
      message: `its journal has ${String(entries)} entries, more than ${String(journalEntriesMax)}. Let it end, and go on in another invocation`,
    };
  }
  return undefined;
}
