// What a manifest's protobuf types say of its services: which method is which handler's, and how its messages are read.
//   K1. A contract that `checkContract` lets pass can be served; one that it does not is never registered.

import {
  getOption,
  type DescMethod,
  type DescService,
  type FileRegistry,
} from "@bufbuild/protobuf";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import {
  HandlerKind,
  ServiceKind,
  type Handler,
  type Manifest,
  type Service,
} from "@perdure/proto/manifest/v1/manifest";
import {
  method as methodContract,
  Operation,
  service as serviceContract,
} from "@perdure/proto/typed/v1/typed";
import type { RegistryView } from "../shard/registry-view.js";
import { ContractError } from "./contract-error.js";
import { readDescriptors } from "./descriptors.js";
import { MethodCodec } from "./method-codec.js";
import { Codecs } from "./transcode/compile.js";
import type { TypedOperation } from "./typed-services.js";

/** One descriptor set, and what was compiled of it so far. */
export interface TypeSet {
  readonly registry: FileRegistry;
  readonly codecs: Codecs;
}

/** By full protobuf name. */
export type Contract = ReadonlyMap<string, ContractService>;

export interface ContractService {
  readonly desc: DescService;
  readonly name: string;
  readonly methods: readonly ContractMethod[];
  readonly files: readonly FileDescriptorProto[];
}

export interface ContractMethod {
  readonly desc: DescMethod;
  readonly operation: TypedOperation;
  readonly handler: Handler;
  /** Compiled when it is asked for first. @throws ContractError */
  readonly codec: () => MethodCodec;
}

/**
 * Checks everything that would be served, also beside what other deployments offer.
 * @param replaced  the deployment in whose place the manifest comes: what it offers goes with it
 * @throws ContractError  PDR4215, PDR4216, PDR4217
 */
export function checkContract(manifest: Manifest, view: RegistryView, replaced?: string): void {
  inWords(() => {
    check(manifest, view, replaced);
  });
}

function check(manifest: Manifest, view: RegistryView, replaced: string | undefined): void {
  if (manifest.descriptorSet.length === 0) {
    for (const service of manifest.services) checkUntyped(service);
    return;
  }
  const types = typeSetOf(manifest.descriptorSet);
  for (const [typeName, { name, methods }] of contractOf(manifest, types)) {
    for (const { desc, codec } of methods) {
      codec();
      for (const root of [...desc.input.fields, ...desc.output.fields]) types.codecs.check(root);
    }
    checkOwner(typeName, name, view, replaced);
  }
}

/** @throws ContractError  PDR4215, PDR4217 */
export function typeSetOf(descriptorSet: Uint8Array): TypeSet {
  return { registry: readDescriptors(descriptorSet), codecs: new Codecs() };
}

/** @throws ContractError  PDR4215, PDR4216 */
export function contractOf(manifest: Manifest, types: TypeSet): Contract {
  return inWords(() => servicesOf(manifest, types));
}

/** Options are read where they are asked for: only then it shows that their bytes are no protobuf. */
function inWords<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof ContractError || !(error instanceof Error)) throw error;
    throw new ContractError(
      "PDR4215",
      `the descriptor set can't be used: ${error.message.slice(0, 500)}`,
    );
  }
}

function servicesOf(manifest: Manifest, types: TypeSet): Contract {
  const services = new Map<string, ContractService>();
  for (const service of manifest.services) {
    if (service.protoService === "") {
      checkUntyped(service);
      continue;
    }
    const desc = types.registry.getService(service.protoService);
    if (desc === undefined) {
      throw mismatch(
        `${service.name} has the type ${service.protoService}, which is not in the descriptor set`,
      );
    }
    if (services.has(desc.typeName)) throw mismatch(`two services have the type ${desc.typeName}`);
    services.set(desc.typeName, serviceOf(service, desc, types));
  }
  return services;
}

function serviceOf(service: Service, desc: DescService, types: TypeSet): ContractService {
  const { name } = getOption(desc, serviceContract);
  if (name !== service.name) {
    throw mismatch(`${desc.typeName} is the type of "${name}", not of ${service.name}`);
  }
  const handlers = new Map(service.handlers.map((handler) => [handler.name, handler]));
  const methods = desc.methods.map((method) => methodOf(service, handlers, method, types));
  const calls = new Map<string, string>();
  const seen = new Set<string>();
  for (const { desc: method, handler, operation } of methods) {
    const what = `${operation} ${handler.name}`;
    if (seen.has(what)) throw mismatch(`${desc.typeName} has two methods that ${what}`);
    seen.add(what);
    if (operation === "call") calls.set(handler.name, method.name);
  }
  for (const { name: handler, protoMethod } of service.handlers) {
    if ((calls.get(handler) ?? "") === protoMethod) continue;
    throw mismatch(
      `handler ${handler} of ${service.name} has the method "${protoMethod}", but ${desc.typeName} calls it by "${calls.get(handler) ?? ""}"`,
    );
  }
  const files = new Map<string, FileDescriptorProto>();
  addFiles(desc.file, files);
  return { desc, name: service.name, methods, files: [...files.values()] };
}

const operations: ReadonlyMap<Operation, TypedOperation> = new Map([
  [Operation.CALL, "call"],
  [Operation.SUBMIT, "submit"],
  [Operation.ATTACH, "attach"],
  [Operation.OUTPUT, "output"],
]);

function methodOf(
  service: Service,
  handlers: ReadonlyMap<string, Handler>,
  desc: DescMethod,
  { registry, codecs }: TypeSet,
): ContractMethod {
  const what = `${desc.parent.typeName}.${desc.name}`;
  if (desc.methodKind !== "unary") throw mismatch(`${what} is streaming`);
  const form = getOption(desc, methodContract);
  const operation = operations.get(form.operation);
  if (operation === undefined) throw mismatch(`${what} does not say what it does`);
  const handler = handlers.get(form.handler);
  if (handler === undefined) {
    throw mismatch(`${what} is for the handler "${form.handler}", which ${service.name} has not`);
  }
  if (operation !== "call" && handler.kind !== HandlerKind.RUN) {
    throw mismatch(`${what} is for a workflow's run, which ${handler.name} is not`);
  }
  const isKeyed = service.kind !== ServiceKind.SERVICE;
  if (desc.input.fields.some(({ name }) => name === "key") !== isKeyed) {
    throw mismatch(
      isKeyed
        ? `${what} has no key in its request, which ${service.name} is addressed by`
        : `${what} has a key in its request, but ${service.name} has no keys`,
    );
  }
  let compiled: MethodCodec | undefined;
  const codec = (): MethodCodec => (compiled ??= new MethodCodec(desc, handler, codecs, registry));
  return { desc, operation, handler, codec };
}

function checkUntyped({ name, protoService, handlers }: Service): void {
  const typed = handlers.find(({ protoMethod }) => protoMethod !== "");
  if (protoService === "" && typed === undefined) return;
  throw mismatch(`${name} has a protobuf type, but the manifest has no descriptors of it`);
}

/** Paths of methods are of one service, whichever deployment has it. */
function checkOwner(
  typeName: string,
  name: string,
  view: RegistryView,
  replaced: string | undefined,
): void {
  for (const { service, deployment } of view.services.values()) {
    if (service.protoService !== typeName || service.name === name) continue;
    if (deployment.id === replaced) continue;
    throw new ContractError(
      "PDR4217",
      `the protobuf service ${typeName} belongs to ${service.name} (deployment ${deployment.id}). Generate with another --package, or rename the service`,
    );
  }
}

function addFiles(file: DescService["file"], files: Map<string, FileDescriptorProto>): void {
  if (files.has(file.proto.name)) return;
  for (const imported of file.dependencies) addFiles(imported, files);
  files.set(file.proto.name, file.proto);
}

function mismatch(what: string): ContractError {
  return new ContractError("PDR4216", what);
}
