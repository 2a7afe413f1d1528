// The contract of the previous output: where field numbers come from that must not move.

import { fromBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorSetSchema,
  type DescriptorProto,
  type EnumDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import type { Manifest } from "@perdure/proto/manifest/v1/manifest";

export interface PreviousContract {
  readonly package: string;
  readonly messages: ReadonlyMap<string, DescriptorProto>;
  readonly enums: ReadonlyMap<string, EnumDescriptorProto>;
}

/**
 * Another package is another contract: nothing comes before it.
 * @throws where the descriptor set can't be read
 */
export function previousContractOf(
  manifest: Manifest | undefined,
  packageName: string,
): PreviousContract {
  const set = fromBinary(FileDescriptorSetSchema, manifest?.descriptorSet ?? new Uint8Array(0));
  const files = set.file.filter((file) => file.package === packageName);
  return {
    package: packageName,
    messages: new Map(files.flatMap((file) => file.messageType).map((one) => [one.name, one])),
    enums: new Map(files.flatMap((file) => file.enumType).map((one) => [one.name, one])),
  };
}
