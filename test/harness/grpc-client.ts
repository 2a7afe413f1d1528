// @grpc/grpc-js with descriptors in place of generated code: requests and responses are the JSON forms of messages.

import { createRegistry, fromBinary, fromJson, toBinary, toJson } from "@bufbuild/protobuf";
import type { DescMethod, DescService, JsonObject, Registry } from "@bufbuild/protobuf";
import { Client, credentials, Metadata, type CallOptions } from "@grpc/grpc-js";

export interface GrpcAnswer {
  readonly response: JsonObject;
  /** Those before the response. */
  readonly headers: Metadata;
}

export class GrpcClient {
  readonly #client: Client;
  readonly #service: DescService;
  readonly #registry: Registry;

  constructor(address: string, service: DescService) {
    this.#client = new Client(address, credentials.createInsecure());
    this.#service = service;
    this.#registry = createRegistry(service.file);
  }

  /** A unary call. Rejects with a ServiceError. */
  call(method: string, request: JsonObject, options: CallOptions = {}): Promise<GrpcAnswer> {
    const { path, write, read } = this.#codecOf(method);
    return new Promise((resolve, reject) => {
      let headers = new Metadata();
      this.#client
        .makeUnaryRequest(path, write, read, request, new Metadata(), options, (error, response) =>
          error === null ? resolve({ response: response ?? {}, headers }) : reject(error),
        )
        .on("metadata", (metadata) => (headers = metadata));
    });
  }

  /** A bidirectional stream: sends all requests, and gives all responses once both sides have ended. */
  exchange(method: string, requests: readonly JsonObject[]): Promise<JsonObject[]> {
    const { path, write, read } = this.#codecOf(method);
    return new Promise((resolve, reject) => {
      const responses: JsonObject[] = [];
      const stream = this.#client.makeBidiStreamRequest(path, write, read);
      stream.on("data", (response: JsonObject) => responses.push(response));
      stream.on("error", reject);
      stream.on("end", () => resolve(responses));
      for (const request of requests) stream.write(request);
      stream.end();
    });
  }

  close(): void {
    this.#client.close();
  }

  #codecOf(method: string): {
    readonly path: string;
    write(request: JsonObject): Buffer;
    read(bytes: Buffer): JsonObject;
  } {
    const { name, input, output } = this.#methodOf(method);
    const registry = this.#registry;
    return {
      path: `/${this.#service.typeName}/${name}`,
      write: (request) => Buffer.from(toBinary(input, fromJson(input, request, { registry }))),
      read: (bytes) => toJson(output, fromBinary(output, bytes), { registry }) as JsonObject,
    };
  }

  #methodOf(method: string): DescMethod {
    const found = this.#service.methods.find(({ name }) => name === method);
    if (found === undefined) throw new Error(`no method ${method} in ${this.#service.typeName}`);
    return found;
  }
}
