// The model as a contract of protobuf.

import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import type { Manifest } from "@perdure/proto/manifest/v1/manifest";
import type { Diagnostic } from "../model/diagnostic.js";
import type { Model } from "../model/services.js";
import { collisionsOf } from "./collisions.js";
import type { DraftFile } from "./draft.js";
import { fileDescriptorOf } from "./file-descriptor.js";
import { checkLimits } from "./limits.js";
import { Lowering } from "./lowering.js";
import { checkPackageName } from "./package-name.js";
import { previousContractOf, type PreviousContract } from "./previous.js";
import { lowerServices, typedServicesOf } from "./services.js";
import { lowerTypes, sorted } from "./types.js";

export interface Lowered {
  /** Absent: no service has protobuf types, or there are errors. */
  readonly file?: FileDescriptorProto;
  readonly diagnostics: readonly Diagnostic[];
}

/** @param previous  the manifest of the previous output, whose numbers are kept */
export function lower(model: Model, packageName: string, previous: Manifest | undefined): Lowered {
  const badName = checkPackageName(packageName);
  if (badName !== undefined) return { diagnostics: [badName] };
  const contract = contractBefore(previous, packageName);
  if ("code" in contract) return { diagnostics: [contract] };
  const { draft, diagnostics } = draftOf(model, packageName);
  if (diagnostics.some(({ severity }) => severity === "error")) return { diagnostics };
  if (draft.services.length === 0) return { diagnostics };
  return { file: fileDescriptorOf(draft, contract), diagnostics };
}

function contractBefore(
  previous: Manifest | undefined,
  packageName: string,
): PreviousContract | Diagnostic {
  try {
    return previousContractOf(previous, packageName);
  } catch {
    return {
      code: "PDR6110",
      severity: "error",
      message: "the descriptor set in the manifest of the previous output can't be read",
      advice:
        "restore manifest.json as it was committed: field numbers are kept from it, and would move without",
    };
  }
}

function draftOf(
  model: Model,
  packageName: string,
): { readonly draft: DraftFile; readonly diagnostics: readonly Diagnostic[] } {
  const lowering = new Lowering(model);
  const { services, messages } = lowerServices(lowering, typedServicesOf(model.services));
  const types = lowerTypes(lowering);
  const wrappers = sorted(lowering.wrappers);
  const draft: DraftFile = {
    package: packageName,
    services,
    messages: [
      ...messages,
      ...types.messages,
      ...wrappers.flatMap(({ draft: one }) => one.message ?? []),
    ],
    enums: [...types.enums, ...wrappers.flatMap(({ draft: one }) => one.enum ?? [])],
  };
  return {
    draft,
    diagnostics: [...lowering.diagnostics, ...collisionsOf(draft), ...checkLimits(draft)],
  };
}
