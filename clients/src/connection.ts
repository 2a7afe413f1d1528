// What all requests of one connection have in common, from the options that a user gives.

import type { JournalValueCodec, Serde } from "./serde.js";
import { createTransport, type Transport, type TransportOptions } from "./transport.js";
import { createValues, type MaybeSerde, type Values } from "./values.js";

export interface ConnectionOpts extends TransportOptions {
  /**
   * For inputs and results whose request and definition name no serde, and for the values of awakeables. Default
   * JSON.
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- values of any type
  readonly serde?: Serde<any> | undefined;
  /** What all values pass on their way to the server and back. The services must use the same. Default: none. */
  readonly journalValueCodec?: JournalValueCodec | undefined;
}

export interface Connection {
  readonly transport: Transport;
  readonly values: Values;
}

/** @throws ClientError  PDR5303: not an address */
export function openConnection(options: ConnectionOpts): Connection {
  const common: MaybeSerde = options.serde;
  return {
    transport: createTransport(options),
    values: createValues(common, options.journalValueCodec),
  };
}
