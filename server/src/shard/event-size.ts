// How large the values of an event are: cheap enough to ask of each. Only what can be large is counted.

import type { AppendedItem } from "@perdure/proto/storage/v1/events";
import type { Message } from "@perdure/proto/storage/v1/records";
import { entrySize, valueBytes } from "@perdure/protocol/frame-size";
import type { EventBody } from "../core/apply.js";
import { resultBytes } from "../store/table-specs.js";

/** More than that is large: the body of its record is made durable before its batch, and beside it. */
export const largeBytes: number = 256 * 1024;

export function largeBytesOf(event: EventBody): number {
  switch (event.case) {
    case "submitted":
      return valueBytes(event.value.invocation?.parameter);
    case "appended":
      return sum(event.value.items, itemBytes);
    case "messageReceived":
      return messageBytes(event.value.message);
    case "signalled":
      return resultBytes(event.value.signal?.signal?.result ?? noResult);
    case "statePatched":
      return sum(event.value.patch?.state ?? [], ({ value }) => valueBytes(value));
    default:
      return 0;
  }
}

const noResult = { case: undefined };

function itemBytes({ item }: AppendedItem): number {
  if (item.case === "command") return entrySize(item.value);
  return item.case === "proposal" ? resultBytes(item.value.result) : 0;
}

function messageBytes(message: Message | undefined): number {
  switch (message?.message.case) {
    case "invoke":
      return valueBytes(message.message.value.parameter);
    case "complete":
      return resultBytes(message.message.value.completion?.result ?? noResult);
    case "signal":
      return resultBytes(message.message.value.signal?.result ?? noResult);
    default:
      return 0;
  }
}

function sum<T>(all: readonly T[], bytesOf: (one: T) => number): number {
  let bytes = 0;
  for (const one of all) bytes += bytesOf(one);
  return bytes;
}
