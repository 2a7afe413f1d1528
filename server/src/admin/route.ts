// What a REST route of the admin port is: a method and a path, and a function from what was asked to an answer.
// Routes are data; routes.ts finds the one that is meant, reads the body and writes the answer.

import { invariant } from "@perdure/protocol/assert";
import type { AdminParts } from "./parts.js";

/** What was asked. */
export interface Call {
  /** 2 to 4; a path without one means the newest. */
  readonly apiVersion: number;
  /** The parts of the path that the route names, decoded. */
  readonly params: ReadonlyMap<string, string>;
  readonly query: URLSearchParams;
  /** Parsed JSON; undefined where the route takes no body. */
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  /** Sent as JSON; absent: nothing is sent. */
  readonly body?: object;
  /** Where what was made can be found. */
  readonly location?: string;
}

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Begins with "/"; a part that begins with ":" stands for any one part. */
  readonly path: string;
  /** The largest JSON body in bytes. Absent: the route takes none, and reads none. */
  readonly bodyBytesMax?: number;
  /** Answers while the server recovers, too. */
  readonly early?: boolean;
  /** The one version of the API that has it. Absent: all. */
  readonly onlyIn?: number;
  /** @throws HttpError, RegistrationError */
  readonly answer: (parts: AdminParts, call: Call) => Answer | Promise<Answer>;
}

/** Of a body that is a few names and numbers. */
export const smallBody: number = 1024 * 1024;

/** Of a body that may carry a manifest. */
export const manifestBody: number = 8 * 1024 * 1024;

/** A part of the path that the route names. */
export function paramOf({ params }: Call, name: string): string {
  const value = params.get(name);
  invariant(value !== undefined, `the route has a part :${name}`);
  return value;
}
