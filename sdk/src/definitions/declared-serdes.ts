// The serdes that a service type declares for a handler, as its callers use them: what a call says for itself
// comes before, the default (JSON) after.

import { descriptorOf, type Definable } from "@perdure/protocol/definitions";
import type { Serde } from "../serde/serde.js";

export interface DeclaredSerdes {
  readonly input: Serde<unknown> | undefined;
  readonly output: Serde<unknown> | undefined;
}

/** What is known of the serdes of other services' handlers beside their definitions, by the names of both. */
export type CalleeSerdes = (service: string, handler: string) => DeclaredSerdes | undefined;

const none: DeclaredSerdes = { input: undefined, output: undefined };

/** Of a decorated class, a definition or an interface descriptor. Nothing is declared by a bare `{ name }`. */
export function declaredSerdes(definable: Definable, handler: string): DeclaredSerdes {
  const descriptor = descriptorOf(definable, handler);
  if (descriptor === undefined) return none;
  return {
    input: descriptor._inputSerde as Serde<unknown> | undefined,
    output: descriptor._outputSerde as Serde<unknown> | undefined,
  };
}
