// Answers that are a line of text, or a JSON value.

import type { UniversalServerResponse } from "@connectrpc/connect/protocol";

export function textResponse(
  status: number,
  text: string,
  contentType = "text/plain; charset=utf-8",
): UniversalServerResponse {
  return {
    status,
    header: new Headers({ "content-type": contentType }),
    body: once(new TextEncoder().encode(text)),
  };
}

export function jsonResponse(status: number, value: unknown): UniversalServerResponse {
  return textResponse(status, JSON.stringify(value), "application/json");
}

export async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
