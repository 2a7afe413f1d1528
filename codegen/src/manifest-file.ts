// A manifest as codegen wrote it: manifest.json, or its binary form.

import { fromBinary, fromJson, type JsonValue } from "@bufbuild/protobuf";
import { ManifestSchema, type Manifest } from "@perdure/proto/manifest/v1/manifest";

export const manifestFile = "manifest.json";

/**
 * @param isBinary  as manifest.binpb has it
 * @throws Error  what is wrong with it
 */
export function parseManifest(bytes: Uint8Array, isBinary: boolean): Manifest {
  return isBinary
    ? fromBinary(ManifestSchema, bytes)
    : manifestOfJson(JSON.parse(new TextDecoder().decode(bytes)));
}

/** Members of a newer release are left out. @throws Error  what is wrong with it */
export function manifestOfJson(value: unknown): Manifest {
  return fromJson(ManifestSchema, value as JsonValue, { ignoreUnknownFields: true });
}
