// The manifest that codegen wrote, in whichever form it was handed in, and what it adds to what the endpoint knows of
// itself. It must be of the same source: one that is not is refused, with every difference.

import { fromBinary, fromJson, isMessage, type JsonValue } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { ManifestSchema, type Manifest } from "@perdure/proto/manifest/v1/manifest";
import { errorMessage } from "@perdure/protocol/error-message";
import { mergeManifests } from "@perdure/protocol/manifest-merge";

/**
 * What `perdure codegen` wrote: the text of `manifest.ts`, the bytes of `manifest.binpb`, or the parsed object (or the
 * text) of `manifest.json`.
 */
export type GeneratedManifest = string | Uint8Array | object;

export type ManifestErrorCode = "PDR2027" | "PDR2028";

/** The manifest that an endpoint was given can't be served. */
export class ManifestError extends Error {
  override readonly name = "ManifestError";
  /** PDR2027: it is not that of the code. PDR2028: it is no manifest. */
  readonly code: ManifestErrorCode;
  /** Of PDR2027: how it differs from the code, each a sentence. */
  readonly differences: readonly string[];

  constructor(
    code: ManifestErrorCode,
    message: string,
    options: { readonly differences?: readonly string[]; readonly cause?: unknown } = {},
  ) {
    super(`${message} (${code})`, "cause" in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.differences = options.differences ?? [];
  }
}

/** @throws ManifestError  PDR2028: something is no manifest */
export function readManifests(
  given: GeneratedManifest | readonly GeneratedManifest[] | undefined,
): Manifest[] {
  if (given === undefined) return [];
  return (Array.isArray(given) ? (given as readonly GeneratedManifest[]) : [given]).map(read);
}

/**
 * The endpoint's own manifest with what codegen knows beyond it. Services that are not served are left out.
 * @throws ManifestError  PDR2027: the two don't fit
 */
export function withGenerated(own: Manifest, generated: readonly Manifest[]): Manifest {
  const { manifest, differences } = mergeManifests(own, generated);
  if (differences.length === 0) return manifest;
  const lines = differences.map((difference) => `\n- ${difference}`).join("");
  throw new ManifestError(
    "PDR2027",
    `the manifest is not that of the code:${lines}\nRun perdure codegen again, and serve what it writes`,
    { differences },
  );
}

function read(given: GeneratedManifest): Manifest {
  let manifest: Manifest;
  try {
    manifest = parsed(given);
  } catch (error) {
    throw noManifest(errorMessage(error), error);
  }
  // Few texts are no protobuf at all.
  if (manifest.services.length === 0) throw noManifest("it has no services");
  return manifest;
}

function parsed(given: unknown): Manifest {
  if (typeof given === "string") {
    const text = given.trim();
    return text.startsWith("{") ? ofJson(JSON.parse(text)) : ofBytes(base64Decode(text));
  }
  if (given instanceof Uint8Array) return ofBytes(given);
  if (isMessage(given, ManifestSchema)) return given;
  return ofJson(given);
}

function ofBytes(bytes: Uint8Array): Manifest {
  return fromBinary(ManifestSchema, bytes);
}

/** A later codegen may know more. */
function ofJson(json: unknown): Manifest {
  return fromJson(ManifestSchema, json as JsonValue, { ignoreUnknownFields: true });
}

function noManifest(why: string, cause?: unknown): ManifestError {
  return new ManifestError(
    "PDR2028",
    `what the endpoint was given as its manifest is none: ${why}. Give it \`manifest\` of the manifest.ts that perdure codegen wrote`,
    cause === undefined ? {} : { cause },
  );
}
