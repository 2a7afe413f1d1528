// What a request's content type says: which protocol it speaks, and how its message is written. One port serves all
// of them, and nothing else tells them apart.

export type Wire = "connect" | "grpc" | "grpc-web" | "grpc-web-text";
export type Codec = "proto" | "json";

export interface ContentType {
  readonly wire: Wire;
  readonly codec: Codec;
}

const contentTypes: ReadonlyMap<string, ContentType> = new Map<string, ContentType>([
  ["application/proto", { wire: "connect", codec: "proto" }],
  ["application/json", { wire: "connect", codec: "json" }],
  ["application/grpc", { wire: "grpc", codec: "proto" }],
  ["application/grpc+proto", { wire: "grpc", codec: "proto" }],
  ["application/grpc+json", { wire: "grpc", codec: "json" }],
  ["application/grpc-web", { wire: "grpc-web", codec: "proto" }],
  ["application/grpc-web+proto", { wire: "grpc-web", codec: "proto" }],
  ["application/grpc-web+json", { wire: "grpc-web", codec: "json" }],
  ["application/grpc-web-text", { wire: "grpc-web-text", codec: "proto" }],
  ["application/grpc-web-text+proto", { wire: "grpc-web-text", codec: "proto" }],
]);

/** All that a typed method takes, for an error's header. */
export const acceptedContentTypes: string = [...contentTypes.keys()].join(", ");

/** Undefined: no typed method takes it. */
export function contentTypeOf(text: string | undefined): ContentType | undefined {
  if (text === undefined) return undefined;
  const exact = contentTypes.get(text);
  if (exact !== undefined) return exact;
  const [type = "", ...parameters] = text.toLowerCase().split(";");
  return parameters.every(isHarmless) ? contentTypes.get(type.trim()) : undefined;
}

/** Messages are UTF-8 or binary: no other charset can be meant. */
function isHarmless(parameter: string): boolean {
  const [name = "", value = ""] = parameter.split("=", 2);
  return name.trim() !== "charset" || /^\s*"?utf-?8"?\s*$/.test(value);
}

/**
 * In which protocol a request wants to be told that there is nothing for it, where its content type leaves no doubt
 * that it speaks one; JSON may be anybody's.
 */
export function rpcContentTypeOf(text: string | undefined): ContentType | undefined {
  if (text?.startsWith("application/") !== true) return undefined;
  const known = contentTypeOf(text);
  if (known !== undefined) {
    return known.wire === "connect" && known.codec === "json" ? undefined : known;
  }
  if (text.startsWith("application/grpc-web-text"))
    return { wire: "grpc-web-text", codec: "proto" };
  if (text.startsWith("application/grpc-web")) return { wire: "grpc-web", codec: "proto" };
  if (text.startsWith("application/grpc")) return { wire: "grpc", codec: "proto" };
  if (text.startsWith("application/connect+")) return { wire: "connect", codec: "proto" };
  return undefined;
}
