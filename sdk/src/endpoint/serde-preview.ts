// Previews: what bytes of a journal say, as JSON, and the other way round, by the serde (and the codec) that the
// service uses itself. For user interfaces, which see bytes alone.

import type { UniversalServerRequest, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { readAllBytes } from "@connectrpc/connect/protocol";
import { errorMessage } from "@perdure/protocol/error-message";
import { handlerSerde } from "../attempt/results.js";

import { defaultSerde, type Serde } from "../serde/serde.js";
import type { ResolvedEndpoint } from "./resolve-endpoint.js";
import { jsonResponse, once, textResponse } from "./text-response.js";

export interface PreviewPath {
  readonly service: string;
  readonly direction: "decode" | "encode";
  /** "{handler}/input", "{handler}/output", or "default": what the service uses for all else. */
  readonly serde: string;
}

/** More than this is nothing to look at. */
const bytesMax = 16 * 1024 * 1024;

export function parsePreviewPath(path: string): PreviewPath | undefined {
  const match = /\/serdes\/([^/]+)\/(decode|encode)\/(.+)$/.exec(path);
  if (match === null) return undefined;
  const [, service = "", direction, serde = ""] = match;
  try {
    return {
      service: decodeURIComponent(service),
      direction: direction === "decode" ? "decode" : "encode",
      serde: decodeURIComponent(serde),
    };
  } catch {
    return undefined;
  }
}

/** 200 with JSON or bytes, 404 where there is no such serde, 422 where it can't read what came. */
export async function previewSerde(
  endpoint: ResolvedEndpoint,
  { service, direction, serde: name }: PreviewPath,
  request: UniversalServerRequest,
): Promise<UniversalServerResponse> {
  const serde = serdeNamed(endpoint, service, name);
  if (serde === undefined) {
    return jsonResponse(404, { message: `service ${service} has no serde ${name}` });
  }
  try {
    const body = request.body as AsyncIterable<Uint8Array>;
    const bytes = await readAllBytes(body, bytesMax, request.header.get("content-length"));
    const codec = await endpoint.codec?.get();
    if (direction === "decode") {
      const plain = codec === undefined ? bytes : await codec.decode(bytes);
      return textResponse(200, await toJsonText(serde, plain), "application/json");
    }
    const plain = await fromJsonText(serde, new TextDecoder().decode(bytes));
    return {
      status: 200,
      header: new Headers({ "content-type": "application/octet-stream" }),
      body: once(codec === undefined ? plain : codec.encode(plain)),
    };
  } catch (error) {
    return jsonResponse(422, { message: errorMessage(error) });
  }
}

function serdeNamed(
  { services }: ResolvedEndpoint,
  serviceName: string,
  name: string,
): Serde<unknown> | undefined {
  const service = services.get(serviceName);
  if (service === undefined) return undefined;
  if (name === "default") return service.options.serde ?? defaultSerde();
  const [, handlerName = "", direction] = /^(.+)\/(input|output)$/.exec(name) ?? [];
  const handler = service.handlers.get(handlerName);
  if (handler === undefined) return undefined;
  return handlerSerde(service, handler, direction === "input" ? "input" : "output");
}

async function toJsonText(serde: Serde<unknown>, bytes: Uint8Array): Promise<string> {
  const value = serde.deserialize(bytes);
  if (serde.preview !== undefined) return serde.preview.toJsonString(value);
  return (JSON.stringify(value) as string | undefined) ?? "null";
}

async function fromJsonText(serde: Serde<unknown>, text: string): Promise<Uint8Array> {
  const { preview } = serde;
  const value: unknown =
    preview === undefined ? JSON.parse(text) : await preview.fromJsonString(text);
  return serde.serialize(value);
}
