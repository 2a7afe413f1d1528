// An operator replaces the state of an object or a workflow, all of it.

import { base64Encode } from "@bufbuild/protobuf/wire";
import { concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { StatePatch, StateRow } from "@perdure/proto/storage/v1/records";
import { bytesOf } from "@perdure/protocol/messages";
import { clear } from "./clear.js";
import { endOfPrefix, namedKey } from "./keys.js";
import type { RangeTable } from "./tables.js";

/** Does nothing where the patch names another version of the state than there is. */
export function patchState(state: RangeTable<StateRow>, object: string, patch: StatePatch): void {
  const isMeant = patch.version === undefined || patch.version === stateVersion(state, object);
  if (!isMeant) return;
  clear(state, object);
  for (const row of patch.state) state.put(namedKey(object, row.name), row);
}

/** The state of an object, by key. */
export function readState(state: RangeTable<StateRow>, object: string): StateRow[] {
  const rows = state.scan(object, endOfPrefix(object), Number.MAX_SAFE_INTEGER);
  return rows.map((row) => row.value);
}

function stateVersion(state: RangeTable<StateRow>, object: string): string {
  const rows = readState(state, object);
  return versionOfState(rows.map(({ name, value }) => [name, bytesOf(value)] as const));
}

/**
 * A hash of all that a state is, as the field's tools make it: base64url of SHA-256.
 * @param rows  key and value, in the order of the keys
 */
export function versionOfState(rows: Iterable<readonly [name: string, value: Uint8Array]>): string {
  const hash = sha256.create();
  let index = 0n;
  for (const [name, value] of rows) {
    const place = new Uint8Array(8);
    new DataView(place.buffer).setBigUint64(0, index++);
    hash.update(concatBytes(place, one, utf8ToBytes(name), two, value, three));
  }
  return base64Encode(hash.digest(), "url");
}

const one = Uint8Array.of(1);
const two = Uint8Array.of(2);
const three = Uint8Array.of(3);
