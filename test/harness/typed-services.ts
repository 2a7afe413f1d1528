// Services of test/services with the manifest that codegen makes of them at this moment, in a process of their own.

import { readFileSync } from "node:fs";
import path from "node:path";
import { createFileRegistry, fromBinary, type FileRegistry } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { runCodegen } from "@perdure/codegen";
import { ManifestSchema } from "@perdure/proto/manifest/v1/manifest";
import type { Bed } from "./bed.js";
import { testFolder } from "./paths.js";
import type { ServicesProcess } from "./services-process.js";

export interface TypedServices {
  readonly services: ServicesProcess;
  /** What codegen wrote. */
  readonly out: string;
  /** The contract, as a caller with generated code has it. */
  readonly registry: FileRegistry;
}

/**
 * @param module  the name of a file in test/services, without its ending
 * @param env  of the services
 */
export async function startTypedServices(
  bed: Bed,
  module: string,
  env: Readonly<Record<string, string>> = {},
): Promise<TypedServices> {
  const out = path.join(bed.directory(), "gen");
  const sources = [`services/${module}.ts`];
  const { generated, passed } = await runCodegen({
    cwd: testFolder,
    sources,
    out,
    package: "desk.v1",
  });
  if (!passed) throw new Error(JSON.stringify(generated.diagnostics, undefined, 2));
  const file = path.join(out, "manifest.binpb");
  const { descriptorSet } = fromBinary(ManifestSchema, readFileSync(file));
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const services = await bed.startServices({
    modules: [module],
    env: { ...env, PERDURE_TEST_MANIFEST: file },
  });
  return { services, out, registry };
}
