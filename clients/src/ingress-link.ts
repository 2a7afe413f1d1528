// What is behind an ingress, or a scope of one: its connection. Generated clients take an ingress as an argument, and
// this is how they come to what it is made of.

import type { Connection } from "./connection.js";
import { ClientError, ClientErrorCode } from "./errors.js";

export interface IngressLink {
  readonly connection: Connection;
  readonly scope: string | undefined;
}

const links = new WeakMap<object, IngressLink>();

/** Gives the ingress, or the scope, as it is. */
export function linked<T extends object>(ingress: T, link: IngressLink): T {
  links.set(ingress, link);
  return ingress;
}

/** @throws ClientError  PDR5305: it was not made by `connect` of this package */
export function linkOf(ingress: unknown): IngressLink {
  const isObject = typeof ingress === "object" && ingress !== null;
  const link = isObject ? links.get(ingress) : undefined;
  if (link !== undefined) return link;
  throw new ClientError(
    ClientErrorCode.noIngress,
    `a generated client needs an ingress as its first argument, and was given ${isObject ? "another object" : `a ${typeof ingress}`}: pass what connect({ url }) of "@perdure/clients" returned, or a scope of it`,
  );
}
