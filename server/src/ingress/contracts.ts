// The contracts that the ingress serves of its own, beside the services that are registered: the untyped ingress, and
// the standard services by which gRPC's tools look at a server.

import type { DescService } from "@bufbuild/protobuf";
import { Health } from "@perdure/proto/grpc/health/v1/health";
import { ServerReflection } from "@perdure/proto/grpc/reflection/v1/reflection";
import { ServerReflection as ServerReflectionAlpha } from "@perdure/proto/grpc/reflection/v1alpha/reflection";
import { Ingress } from "@perdure/proto/ingress/v1/ingress";

export const contracts: readonly DescService[] = [
  Ingress,
  Health,
  ServerReflection,
  ServerReflectionAlpha,
];

const paths: ReadonlySet<string> = new Set(
  contracts.flatMap(({ typeName, methods }) => methods.map(({ name }) => `/${typeName}/${name}`)),
);

/** Whether a contract has a method at the path. */
export function isContractPath(path: string): boolean {
  return paths.has(path);
}

const healthPrefix = `/${Health.typeName}/`;

export function isHealthPath(path: string): boolean {
  return path.startsWith(healthPrefix);
}
