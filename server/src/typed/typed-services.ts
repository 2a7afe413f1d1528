// The services of a view as callers with protobuf types know them: by full name, with methods that read requests and
// write responses.
//   T1. What is here never throws for what a deployment has registered: a service whose types are of no use is left out.
//   T2. Types are compiled once for each descriptor set, whatever else changes in the registry.

import { createHash } from "node:crypto";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { FileDescriptorProto } from "@bufbuild/protobuf/wkt";
import type { Handler, Manifest } from "@perdure/proto/manifest/v1/manifest";
import type { RegisteredService, RegistryView } from "../shard/registry-view.js";
import { ContractError } from "./contract-error.js";
import {
  contractOf,
  typeSetOf,
  type Contract,
  type ContractMethod,
  type TypeSet,
} from "./contract.js";

export type TypedOperation = "call" | "submit" | "attach" | "output";

/** One method that callers can name: /tour.v1.SignupWorkflow/Run. */
export interface TypedMethod {
  readonly path: string;
  readonly desc: DescMethod;
  readonly operation: TypedOperation;
  readonly service: RegisteredService;
  readonly handler: Handler;
  /**
   * Protobuf binary as what it asks for.
   * @throws TranscodeError  PDR3032
   */
  readRequest(bytes: Uint8Array): TypedRequest;
  /**
   * The same from protobuf's JSON (Connect's codec). Members that the message does not know are left out.
   * @throws TranscodeError  PDR3032
   */
  readRequestJson(text: string): TypedRequest;
  /** @throws TranscodeError  PDR3033 */
  writeResponse(response: TypedResponse): Uint8Array;
  /** @throws TranscodeError  PDR3033 */
  writeResponseJson(response: TypedResponse): string;
}

export interface TypedRequest {
  /** Absent: unset or empty. */
  readonly key?: string;
  /** JSON text for the handler, or the bytes themselves where it takes bytes. Absent: no body. */
  readonly input?: Uint8Array;
  readonly idempotencyKey?: string;
  readonly scope?: string;
  readonly limitKey?: string;
  /** A whole number, 0 or more. */
  readonly delayMs?: number;
}

export interface TypedResponse {
  /** As the handler wrote it. Absent: this answer has none. Empty: the handler gave nothing. */
  readonly output?: Uint8Array;
  readonly invocationId: string;
  readonly newlyAccepted?: boolean;
  readonly ready?: boolean;
  readonly executionTimeMs?: number;
}

export interface TypedService {
  readonly typeName: string;
  readonly desc: DescService;
  /** Its file and everything that it imports, each after what it imports. */
  readonly files: readonly FileDescriptorProto[];
  readonly service: RegisteredService;
}

export interface TypedServices {
  /** By path. */
  readonly methods: ReadonlyMap<string, TypedMethod>;
  /** By full protobuf name. */
  readonly services: ReadonlyMap<string, TypedService>;
}

/** The same object for the same view. */
export function typedServicesOf(view: RegistryView): TypedServices {
  const known = byView.get(view);
  if (known !== undefined) return known;
  const made = compile(view);
  byView.set(view, made);
  return made;
}

const byView = new WeakMap<RegistryView, TypedServices>();

function compile(view: RegistryView): TypedServices {
  const methods = new Map<string, TypedMethod>();
  const services = new Map<string, TypedService>();
  for (const service of view.services.values()) {
    const { protoService: typeName } = service.service;
    const { manifest } = service.deployment;
    if (typeName === "" || manifest === undefined || services.has(typeName)) continue;
    const found = contractIn(manifest)?.get(typeName);
    if (found === undefined) continue;
    const { desc, files } = found;
    services.set(typeName, { typeName, desc, files, service });
    for (const method of found.methods) {
      const made = new RegisteredMethod(service, method);
      methods.set(made.path, made);
    }
  }
  return { methods, services };
}

class RegisteredMethod implements TypedMethod {
  readonly path: string;
  readonly desc: DescMethod;
  readonly operation: TypedOperation;
  readonly service: RegisteredService;
  readonly handler: Handler;
  readonly #codec: ContractMethod["codec"];

  constructor(service: RegisteredService, { desc, operation, handler, codec }: ContractMethod) {
    this.path = `/${desc.parent.typeName}/${desc.name}`;
    this.desc = desc;
    this.operation = operation;
    this.service = service;
    this.handler = handler;
    this.#codec = codec;
  }

  readRequest(bytes: Uint8Array): TypedRequest {
    return this.#codec().readRequest(bytes);
  }

  readRequestJson(text: string): TypedRequest {
    return this.#codec().readRequestJson(text);
  }

  writeResponse(response: TypedResponse): Uint8Array {
    return this.#codec().writeResponse(response);
  }

  writeResponseJson(response: TypedResponse): string {
    return this.#codec().writeResponseJson(response);
  }
}

// ---- what was compiled before

/** Undefined: of no use. What is stored was checked when it was registered, but perhaps by an older release. */
const byManifest = new WeakMap<Manifest, { readonly contract: Contract | undefined }>();
/** By digest: manifests are read anew from the store, and what they are made of is the same. Newest last. */
const byDescriptorSet = new Map<string, TypeSet>();
const typeSetsMax = 64;

function contractIn(manifest: Manifest): Contract | undefined {
  const known = byManifest.get(manifest);
  if (known !== undefined) return known.contract;
  const contract = readContract(manifest);
  byManifest.set(manifest, { contract });
  return contract;
}

function readContract(manifest: Manifest): Contract | undefined {
  try {
    return contractOf(manifest, typesOf(manifest.descriptorSet));
  } catch (error) {
    if (error instanceof ContractError) return undefined;
    throw error;
  }
}

function typesOf(descriptorSet: Uint8Array): TypeSet {
  const digest = createHash("sha256").update(descriptorSet).digest("base64");
  const types = byDescriptorSet.get(digest) ?? typeSetOf(descriptorSet);
  byDescriptorSet.delete(digest);
  byDescriptorSet.set(digest, types);
  const [oldest] = byDescriptorSet.keys();
  if (byDescriptorSet.size > typeSetsMax && oldest !== undefined) byDescriptorSet.delete(oldest);
  return types;
}
