// Names the code that runs: what is offered, and by which SDK.

import { toBinary } from "@bufbuild/protobuf";
import { ManifestSchema, type Manifest } from "@perdure/proto/manifest/v1/manifest";
import { sdkVersion } from "../version.js";

/** 16 hex digits. Asynchronous since Web Crypto is, which every runtime has. */
export async function buildIdOf(manifest: Manifest): Promise<string> {
  const version = new TextEncoder().encode(sdkVersion);
  const offered = toBinary(ManifestSchema, manifest);
  const both = new Uint8Array(version.length + offered.length);
  both.set(version);
  both.set(offered, version.length);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", both));
  return Array.from(hash.subarray(0, 8), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
