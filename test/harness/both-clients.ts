// The client package of the field's reference system, from npm and unchanged, and our own in its place: what the tests
// of both share. They write what users of the field's write; ours runs the same code.

import * as ours from "@perdure/clients";
import * as theirs from "@restatedev/restate-sdk-clients";
import { errorOf } from "./error-of.js";

/** Where ours does otherwise, on purpose. */
export interface Differs {
  /** What is said of a result that can't be asked for. */
  readonly notAttachable: RegExp;
  /** Whether the result of an output that is not ready throws, or is undefined. */
  readonly throwsEarly: boolean;
}

export const packages: readonly (readonly [string, typeof theirs, Differs])[] = [
  [
    "@restatedev/restate-sdk-clients",
    theirs,
    { notAttachable: /Unable to fetch the result/, throwsEarly: true },
  ],
  [
    "@perdure/clients",
    // Cast: the names are the same, the classes are not.
    ours as unknown as typeof theirs,
    { notAttachable: /PDR5303.*idempotency key/, throwsEarly: false },
  ],
];

/** The names of all values that each exports. */
export const exportedNames = { ours: Object.keys(ours), theirs: Object.keys(theirs) };

// Interfaces are what its users give as types: handlers with their context first.
export type Greeter = {
  greet(ctx: unknown, name: string): Promise<string>;
  nothing(ctx: unknown): Promise<void>;
  once(ctx: unknown, gate: string): Promise<number>;
  refuse(ctx: unknown, code: number): Promise<never>;
  sleep(ctx: unknown, ms: number): Promise<number>;
  hidden(ctx: unknown): Promise<string>;
  request(ctx: unknown): Promise<{ headers: Record<string, string>; idempotencyKey?: string }>;
};
export type Counter = {
  add(ctx: unknown, by: number): Promise<number>;
  get(ctx: unknown): Promise<number>;
};
export type Keyed = { key(ctx: unknown, said: string): Promise<{ key: string; said: string }> };
export type Formats = {
  measure(ctx: unknown, bytes: Uint8Array): Promise<Uint8Array>;
  nothing(ctx: unknown): Promise<void>;
  same(ctx: unknown, value: unknown): Promise<unknown>;
  headers(ctx: unknown): Promise<Record<string, string>>;
  fail(ctx: unknown, failure: { code: number; metadata?: Record<string, string> }): Promise<never>;
};
export type Awaiting = {
  wait(ctx: unknown): Promise<{ value?: unknown; failure?: string; code?: number }>;
  id(ctx: unknown): Promise<string | null>;
};
export type User = { name: string };
export type Signup = {
  run(ctx: unknown, user: User): Promise<{ name: string; key: string; secret: string }>;
  verify(ctx: unknown, secret: string): Promise<void>;
  isVerified(ctx: unknown): Promise<boolean>;
};

export const definitions = {
  greeter: { name: "Greeter" },
  counter: { name: "Counter" },
  formats: { name: "Formats" },
  awaiting: { name: "Awaiting" },
  signup: { name: "Signup" },
} as const;

/** The error of a call that has to fail, and its body. */
export async function callErrorOf(
  errorClass: typeof theirs.HttpCallError,
  promise: PromiseLike<unknown>,
): Promise<theirs.HttpCallError & { body: any }> {
  const failed = await errorOf(errorClass, promise);
  return Object.assign(failed, { body: JSON.parse(failed.responseText) as unknown });
}
