// A long journal as several frames, so that it passes between those of others and is never whole in one piece: Start
// with as many entries as a frame may have, and StartEntries behind it.

import type { ServerFrame } from "@perdure/proto/protocol/v1/deployment";
import type { Entry } from "@perdure/proto/protocol/v1/journal";
import { frameBytesMax } from "@perdure/protocol/frame-limits";
import { entrySize } from "@perdure/protocol/frame-size";

/** The frame itself where it is small, or no Start. */
export function splitStart(frame: ServerFrame): readonly ServerFrame[] {
  if (frame.frame.case !== "start") return [frame];
  const start = frame.frame.value;
  const groups = groupsOf(start.entries);
  const [first] = groups;
  if (first === undefined || groups.length === 1) return [frame];
  const more = groups.slice(1).map((entries): ServerFrame => {
    const value = { $typeName: "perdure.protocol.v1.StartEntries" as const, entries };
    return { ...frame, frame: { case: "startEntries", value } };
  });
  return [{ ...frame, frame: { case: "start", value: { ...start, entries: first } } }, ...more];
}

/** In order; none larger than a frame but for a single large entry. */
function groupsOf(entries: Entry[]): Entry[][] {
  let bytes = 0;
  let from = 0;
  const groups: Entry[][] = [];
  for (const [at, entry] of entries.entries()) {
    const size = entrySize(entry);
    if (bytes + size > frameBytesMax && at > from) {
      groups.push(entries.slice(from, at));
      from = at;
      bytes = 0;
    }
    bytes += size;
  }
  if (from === 0) return [entries];
  groups.push(entries.slice(from));
  return groups;
}
