// Descriptor sets of several manifests as one: files by name, each once.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";

export interface MergedDescriptorSets {
  /** Serialised; each file after what it imports, if that was so before. */
  readonly descriptorSet: Uint8Array;
  /** Sentences without a full stop. */
  readonly differences: string[];
}

/** @param sets  serialised FileDescriptorSets; empty ones count for nothing, equal ones for one */
export function mergeDescriptorSets(sets: readonly Uint8Array[]): MergedDescriptorSets {
  const distinct: Uint8Array[] = [];
  for (const set of sets) {
    if (set.length > 0 && !distinct.some((one) => isSame(one, set))) distinct.push(set);
  }
  const [only] = distinct;
  if (only === undefined) return { descriptorSet: new Uint8Array(0), differences: [] };
  if (distinct.length === 1) return { descriptorSet: only, differences: [] };
  const differences: string[] = [];
  const files = new Map<string, FileDescriptorProto>();
  for (const set of distinct) {
    for (const file of filesOf(set, differences)) {
      const there = files.get(file.name);
      if (there === undefined) files.set(file.name, file);
      else if (!isWellKnown(file) && !isSame(bytesOf(there), bytesOf(file))) {
        differences.push(`two manifests have a file ${file.name}, and not the same one`);
      }
    }
  }
  const all = create(FileDescriptorSetSchema, { file: [...files.values()] });
  return { descriptorSet: toBinary(FileDescriptorSetSchema, all), differences };
}

function filesOf(set: Uint8Array, differences: string[]): FileDescriptorProto[] {
  try {
    return fromBinary(FileDescriptorSetSchema, set).file;
  } catch {
    differences.push("the descriptor set of a manifest can't be read");
    return [];
  }
}

/** Of protobuf itself: the same everywhere, but for what a release of it adds. */
function isWellKnown({ name }: FileDescriptorProto): boolean {
  return name.startsWith("google/protobuf/");
}

function bytesOf(file: FileDescriptorProto): Uint8Array {
  return toBinary(FileDescriptorProtoSchema, file);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
