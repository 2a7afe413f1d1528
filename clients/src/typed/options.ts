// Options of generated clients: plain objects, since a generated method knows which of its arguments they are.

import type { Duration } from "@perdure/protocol/duration";
import { ClientError, ClientErrorCode } from "../errors.js";
import { isOptions } from "../options.js";

/** Options of waiting for a result, or of looking for it. */
export interface AttachOptions {
  /** Sent along. They win over those of the connection. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Gives up waiting (not the invocation) after this long; a number is milliseconds. Default: none. Each attempt
   * has this long, where the connection retries. Can't be used together with `signal`.
   */
  readonly timeout?: Duration | undefined;
  /** Gives up waiting (not the invocation) when it aborts. Can't be used together with `timeout`. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of a call. */
export interface CallOptions extends AttachOptions {
  /** Requests with the same key to the same handler are one invocation. Makes a call safe to repeat. */
  readonly idempotencyKey?: string | undefined;
  /** Whose share of a scope's concurrency the invocation takes: `tenant` or `tenant/user`. Only within a scope. */
  readonly limitKey?: string | undefined;
}

/** Options of a send. */
export interface SendOptions extends CallOptions {
  /** Run no earlier than this long after the submission; a number is milliseconds. Default 0. */
  readonly delay?: Duration | undefined;
}

/** Options of a workflow's submission, which has no idempotency key: its own key is one. */
export type SubmitOptions = Omit<SendOptions, "idempotencyKey">;

/** @throws ClientError  PDR5303: something else than an object of options */
export function checkedOptions(method: string, options: unknown): SendOptions {
  if (options === undefined) return {};
  if (typeof options === "object" && options !== null && !isOptions(options)) return options;
  throw new ClientError(
    ClientErrorCode.badArgument,
    isOptions(options)
      ? `${method} takes its options as they are, { idempotencyKey: "…" }, and not made by rpc`
      : `${method} takes an object of options there, and not ${options === null ? "null" : `a ${typeof options}`}`,
  );
}
