// From what a user hands in to the name of a service type. Types refuse most mistakes; this refuses
// the rest, before a request goes to the wrong place.

import {
  definitionSymbol,
  nameOf,
  type Definable,
  type DefinitionMark,
  type ServiceKindName,
} from "@perdure/protocol/definitions";
import { ClientError, ClientErrorCode } from "./errors.js";

/**
 * The name that a definition stands for.
 * @throws ClientError  PDR5303: a class without decorator, no name, or another kind than the client is for
 */
export function nameOfKind(kind: ServiceKindName, definition: Definable): string {
  const mark = (definition as { readonly [definitionSymbol]?: DefinitionMark })[definitionSymbol];
  if (typeof definition === "function" && mark === undefined) {
    throw refuse(
      `class ${definition.name} has no decorator such as @${kind}(); without one pass { name: "…" }`,
    );
  }
  const name = nameOf(definition);
  if (typeof name !== "string" || name === "") throw refuse(`a ${kind} client needs a name`);
  if (mark !== undefined && mark.kind !== kind) {
    throw refuse(`${name} is of the kind "${mark.kind}": use ${mark.kind}Client for it`);
  }
  return name;
}

/**
 * The key of an object or workflow; may be empty.
 * @throws ClientError  PDR5303: not text
 */
export function keyOf(name: string, key: string): string {
  if (typeof key === "string") return key;
  throw refuse(`a client of ${name} needs a key, as a string`);
}

function refuse(message: string): ClientError {
  return new ClientError(ClientErrorCode.badArgument, message);
}
