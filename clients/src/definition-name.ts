// From what a user hands in to the name and kind of a service type. Types refuse most mistakes; this refuses
// the rest, before a request goes to the wrong place.

import {
  kindOf,
  nameOf,
  type Definable,
  type ServiceKindName,
} from "@perdure/protocol/definitions";
import { ClientError, ClientErrorCode } from "./errors.js";

/**
 * The name that a definition stands for.
 * @throws ClientError  PDR5303: a class without decorator, no name, or another kind than the client is for
 */
export function nameOfKind(expected: ServiceKindName, definition: Definable): string {
  const name = checkedName(definition, `@${expected}()`);
  const kind = kindOf(definition);
  if (kind !== undefined && kind !== expected) {
    throw refuse(`${name} is of the kind "${kind}": use ${kind}Client for it`);
  }
  return name;
}

/** What a client for any kind is made for. */
export interface NamedTarget {
  readonly service: string;
  readonly key: string | undefined;
}

/**
 * The name that a definition of any kind stands for, with the key that its kind takes.
 * @throws ClientError  PDR5303: a class without decorator, no name, a key too many or none where there must be one
 */
export function targetOfAny(definition: Definable, key: string | undefined): NamedTarget {
  const service = checkedName(definition, "@service(), @object() or @workflow()");
  const kind = kindOf(definition) ?? (key === undefined ? "service" : "object");
  if (kind !== "service") return { service, key: keyOf(service, key) };
  if (key === undefined) return { service, key };
  throw refuse(`${service} is a service, which has no keys: leave out "${key}"`);
}

/**
 * The key of an object or workflow; may be empty.
 * @throws ClientError  PDR5303: not text
 */
export function keyOf(name: string, key: string | undefined): string {
  if (typeof key === "string") return key;
  throw refuse(`a client of ${name} needs a key, as a string`);
}

/**
 * The key of a scope.
 * @throws ClientError  PDR5303: not text, or empty
 */
export function scopeKeyOf(key: string): string {
  if (typeof key === "string" && key !== "") return key;
  throw refuse("a scope needs a key: a string that is not empty");
}

function checkedName(definition: Definable, decorators: string): string {
  if (typeof definition === "function" && kindOf(definition) === undefined) {
    throw refuse(
      `class ${definition.name} has no decorator such as ${decorators}; without one pass { name: "…" }`,
    );
  }
  const name = nameOf(definition);
  if (typeof name === "string" && name !== "") return name;
  throw refuse("a client needs the name of a service type");
}

function refuse(message: string): ClientError {
  return new ClientError(ClientErrorCode.badArgument, message);
}
