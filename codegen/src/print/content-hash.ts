// The hash that tells one content of a manifest from another, whichever release wrote it.

import { createHash } from "node:crypto";
import { clone, toBinary } from "@bufbuild/protobuf";
import { ManifestSchema, type Manifest } from "@perdure/proto/manifest/v1/manifest";

/** "sha256:" and the hex digest of the binary form without the hash and the generator. */
export function contentHashOf(manifest: Manifest): string {
  const bare = clone(ManifestSchema, manifest);
  bare.contentHash = "";
  bare.generator = "";
  const digest = createHash("sha256").update(toBinary(ManifestSchema, bare)).digest("hex");
  return `sha256:${digest}`;
}
