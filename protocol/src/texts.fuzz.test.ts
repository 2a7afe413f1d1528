// Texts that strangers send: ids, durations, scopes. Each is understood or is not; none throws.

import { expect } from "vitest";
import { formatAwakeableId, isOlderAwakeableId, parseAwakeableId } from "./awakeable-id.js";
import { parseDuration } from "./duration.js";
import { damagedText, fuzz } from "./fuzz.fixture.js";
import {
  invocationIdOf,
  isInvocationId,
  partitionCount,
  partitionOfInvocationId,
  uuidOfInvocationId,
} from "./ids.js";
import { parseIdentityKey } from "./request-identity.js";
import { isLimitKey, isScopePart } from "./scope.js";

const id = invocationIdOf("0".repeat(11), "1".repeat(22));
const largest = invocationIdOf("LygHa16AHYF", "7n42DGM5Tflk9n8mt7Fhc7");

fuzz("invocation ids", {
  input: damagedText(id, largest),
  run: (text) => {
    if (!isInvocationId(text)) return;
    const partition = partitionOfInvocationId(text);
    expect(partition).toBeGreaterThanOrEqual(0);
    expect(partition).toBeLessThan(partitionCount);
    expect(uuidOfInvocationId(text)).toHaveLength(22);
  },
});

fuzz("awakeable ids", {
  input: damagedText(formatAwakeableId({ invocationId: id, signalId: 17 }), "prom_1abc"),
  run: (text) => {
    isOlderAwakeableId(text);
    const found = parseAwakeableId(text);
    if (found === undefined) return;
    expect(isInvocationId(found.invocationId)).toBe(true);
    expect(parseAwakeableId(formatAwakeableId(found))).toEqual(found);
  },
});

fuzz("durations", {
  input: damagedText("1h 30m", "PT1H30M5.5S", "500ms", "1d", "P1DT2H", "3 weeks", "0.5s"),
  run: (text) => {
    const ms = parseDuration(text);
    if (ms !== undefined) expect(Number.isFinite(ms) && ms >= 0).toBe(true);
  },
});

fuzz("scopes, limit keys and identity keys", {
  input: damagedText(
    "tenant-1",
    "a/b/c",
    "publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f",
  ),
  run: (text) => {
    isScopePart(text);
    isLimitKey(text);
    parseIdentityKey(text);
  },
});
