// The beginning of a journal, such that another invocation can go on from there: entries up to an index, and
// the answers, wherever they stand, to the commands among them.

import type { Entry } from "@perdure/proto/protocol/v1/journal";

/**
 * @param last  the index of the last entry that is taken
 * @returns "outOfRange" where there is no such entry, or it is the Output command; "incomplete" where a command has no answer
 */
export function prefixOf(
  entries: readonly Entry[],
  last: number,
): Entry[] | "outOfRange" | "incomplete" {
  const end = entries.findIndex(({ body }) => body.case === "output");
  if (last < 0 || last >= (end === -1 ? entries.length : end)) return "outOfRange";
  const prefix = entries.slice(0, last + 1);
  const asked = new Set(prefix.flatMap(({ body }) => completionIdsOf(body)));
  for (const { body } of prefix) {
    if (body.case === "completion") asked.delete(body.value.completionId);
  }
  /** What was taken from behind the prefix: its place then, its place now. */
  const moved: [number, number][] = [];
  for (const [index, entry] of entries.entries()) {
    const { body } = entry;
    if (index <= last || body.case !== "completion") continue;
    if (!asked.delete(body.value.completionId)) continue;
    moved.push([index, prefix.length]);
    prefix.push(moveShown(entry, last, moved));
  }
  return asked.size === 0 ? prefix : "incomplete";
}

/** A result that the code was shown before it was recorded comes after the same notification as it did, if that was taken. */
function moveShown(
  entry: Entry,
  last: number,
  moved: readonly (readonly [number, number])[],
): Entry {
  const { body } = entry;
  if (body.case !== "completion") return entry;
  const { shownAfter } = body.value;
  if (shownAfter === undefined || shownAfter <= last) return entry;
  const [, now] = moved.findLast(([then]) => then <= shownAfter) ?? [last, last];
  return { ...entry, body: { ...body, value: { ...body.value, shownAfter: now } } };
}

/** Completions that answer a command. */
function completionIdsOf(body: Entry["body"]): number[] {
  switch (body.case) {
    case "run":
    case "sleep":
    case "getPromise":
    case "peekPromise":
    case "completePromise":
    case "attach":
    case "getOutput":
      return [body.value.completionId];
    case "getState":
      return body.value.eager.case === undefined ? [body.value.completionId] : [];
    case "getStateKeys":
      return body.value.eager === undefined ? [body.value.completionId] : [];
    case "call":
      return [body.value.invocationIdCompletionId, body.value.resultCompletionId];
    case "send":
      return [body.value.invocationIdCompletionId];
    default:
      return [];
  }
}
