// A service type as the SDK runs it, whichever way it was written: class or functional definition.

import type { HandlerKindName, ServiceKindName } from "@perdure/protocol/definitions";
import type { AnyHandlerOptions, AnyServiceOptions } from "./options.js";

export type { HandlerKindName };

export type HandlerFunction = (context: never, ...input: unknown[]) => Promise<unknown>;

export interface HandlerModel {
  readonly name: string;
  readonly kind: HandlerKindName;
  readonly options: AnyHandlerOptions;
  readonly invoke: (context: unknown, input: unknown) => Promise<unknown>;
}

export interface ServiceModel {
  readonly name: string;
  readonly kind: ServiceKindName;
  readonly options: AnyServiceOptions;
  readonly handlers: ReadonlyMap<string, HandlerModel>;
}

/** A definition can't be used as it is written. */
export class DefinitionError extends Error {
  override readonly name = "DefinitionError";
  readonly code = "PDR2004";

  constructor(message: string) {
    super(`${message} (PDR2004)`);
  }
}
