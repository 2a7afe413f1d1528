// The head of a typed request beyond what every request has: what its protocol says in headers, what of the envelope
// came as headers, and what is left for the handler. The handler gets what it would get of a JSON call: nothing of
// the protocol, whose body it never sees.

import type { Header } from "@perdure/proto/protocol/v1/journal";
import type { RequestHead } from "../request-head.js";
import type { Wire } from "./content-type.js";

export interface RpcHead {
  /** `connect-timeout-ms` or `grpc-timeout`, as sent. */
  readonly timeout: string | undefined;
  /** How the request's message is compressed. */
  readonly encoding: string | undefined;
  /** How the response's message may be. */
  readonly accepted: string | undefined;
  readonly connectVersion: string | undefined;
  /** `x-perdure-key` */
  readonly key: string | undefined;
  /** `x-perdure-scope` */
  readonly scope: string | undefined;
  /** `x-perdure-delay` */
  readonly delay: string | undefined;
  readonly forwarded: Header[];
}

export function readRpcHead({ headers }: RequestHead, wire: Wire): RpcHead {
  const isConnect = wire === "connect";
  const forwarded: Header[] = [];
  let timeout: string | undefined;
  let encoding: string | undefined;
  let accepted: string | undefined;
  let connectVersion: string | undefined;
  let key: string | undefined;
  let scope: string | undefined;
  let delay: string | undefined;

  for (const header of headers) {
    const { name, value } = header;
    switch (name) {
      case "connect-timeout-ms":
        if (isConnect) timeout ??= value;
        break;
      case "grpc-timeout":
        if (!isConnect) timeout ??= value;
        break;
      case "content-encoding":
        if (isConnect) encoding ??= value;
        break;
      case "grpc-encoding":
        if (!isConnect) encoding ??= value;
        break;
      case "accept-encoding":
        if (isConnect) accepted ??= value;
        break;
      case "grpc-accept-encoding":
        if (!isConnect) accepted ??= value;
        break;
      case "connect-protocol-version":
        connectVersion ??= value;
        break;
      case "x-perdure-key":
        // Empty is unset, as in the field.
        if (value !== "") key ??= value;
        break;
      case "x-perdure-scope":
        scope ??= value;
        break;
      case "x-perdure-delay":
        delay ??= value;
        break;
      case "content-type":
      case "content-length":
      case "transfer-encoding":
      case "te":
      case "trailer":
      case "x-grpc-web":
        break;
      default:
        if (!name.startsWith("connect-") && !name.startsWith("grpc-")) forwarded.push(header);
    }
  }
  return { timeout, encoding, accepted, connectVersion, key, scope, delay, forwarded };
}
