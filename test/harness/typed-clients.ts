// Clients of typed services that know them by descriptors alone, over each protocol.

import type { DescService } from "@bufbuild/protobuf";
import { ConnectError, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";

export const transports: Readonly<Record<string, (baseUrl: string) => Transport>> = {
  "Connect over HTTP/1.1": (baseUrl) => createConnectTransport({ baseUrl, httpVersion: "1.1" }),
  "Connect with JSON over HTTP/2": (baseUrl) =>
    createConnectTransport({ baseUrl, httpVersion: "2", useBinaryFormat: false }),
  gRPC: (baseUrl) => createGrpcTransport({ baseUrl }),
  "gRPC-Web": (baseUrl) => createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
};

export interface TypedResponse {
  readonly output?: unknown;
  readonly invocationId: string;
  readonly newlyAccepted?: boolean;
  readonly ready?: boolean;
}

/** Methods by their local names: `greet`, `submit`. */
export interface TypedClient {
  readonly [method: string]: (request: object, options?: CallOptions) => Promise<TypedResponse>;
}

interface CallOptions {
  readonly headers?: Record<string, string>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export function typedClient(transport: Transport, service: DescService | undefined): TypedClient {
  if (service === undefined) throw new Error("no such service");
  return createClient(service, transport) as unknown as TypedClient;
}

/** What a call is refused or fails with. */
export async function connectErrorOf(
  answer: Promise<unknown> | undefined,
): Promise<ConnectError & { readonly errorCode: string | null }> {
  const error = await answer?.then(
    (value) => {
      throw new Error(`no error, but ${JSON.stringify(value)}`);
    },
    (reason: unknown) => ConnectError.from(reason),
  );
  if (error === undefined) throw new Error("no such method");
  return Object.assign(error, { errorCode: error.metadata.get("x-perdure-error-code") });
}
