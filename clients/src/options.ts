// Options of one request. A handler's client method takes its input and then, optionally, an options
// object, and a handler without input takes the options alone: so options are marked objects, made by
// `rpc.opts` and `rpc.sendOpts`, which can't be mistaken for an input.

import { millisOf, type Duration } from "@perdure/protocol/duration";
import type { Serde } from "./serde.js";

/** Options of a request that names its invocation already: waiting for a result, or looking for it. */
export interface ResultOptions<O = unknown> {
  /** Sent along. They win over those of the connection. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Gives up waiting (not the invocation) after this long; a number is milliseconds. Default: none. Each attempt
   * has this long, where the connection retries. Can't be used together with `signal`.
   */
  readonly timeout?: Duration | undefined;
  /** Gives up waiting (not the invocation) when it aborts. Can't be used together with `timeout`. */
  readonly signal?: AbortSignal | undefined;
  /** How the result becomes a value. Default: what the definition declares, else the connection's serde, else JSON. */
  readonly output?: Serde<O> | undefined;
}

export interface IngressCallOptions<I = unknown, O = unknown> extends ResultOptions<O> {
  /** Requests with the same key to the same handler are one invocation. Makes a call safe to repeat. */
  readonly idempotencyKey?: string | undefined;
  /** Whose share of a scope's concurrency the invocation takes: `tenant` or `tenant/user`. Only within a scope. */
  readonly limitKey?: string | undefined;
  /** Sent along and shown to the handler. They win over those of the connection. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** How the input becomes bytes. Default: what the definition declares, else the connection's serde, else JSON. */
  readonly input?: Serde<I> | undefined;
  /** Default POST. A GET has no input. */
  readonly method?: "POST" | "GET" | undefined;
}

export interface IngressSendOptions<I = unknown> extends Omit<IngressCallOptions<I>, "output"> {
  /** Run no earlier than this long after the submission; a number is milliseconds. Default 0. */
  readonly delay?: Duration | undefined;
}

const callKind = "perdure.call-options";
const sendKind = "perdure.send-options";

/** Options of a call. Made by {@link rpc}`.opts`. */
export class Opts<I = never, O = never> {
  readonly kind: typeof callKind = callKind;
  readonly opts: IngressCallOptions<I, O>;

  constructor(opts: IngressCallOptions<I, O>) {
    this.opts = opts;
  }

  static from<I = never, O = never>(opts: IngressCallOptions<I, O>): Opts<I, O> {
    return new Opts(opts);
  }
}

/** Options of a send or a submission. Made by {@link rpc}`.sendOpts`. */
export class SendOpts<I = never> {
  readonly kind: typeof sendKind = sendKind;
  readonly opts: IngressSendOptions<I>;

  constructor(opts: IngressSendOptions<I>) {
    this.opts = opts;
  }

  static from<I = never>(opts: IngressSendOptions<I>): SendOpts<I> {
    return new SendOpts(opts);
  }

  /** In milliseconds; undefined where none is set. */
  delay(): number | undefined {
    return this.opts.delay === undefined ? undefined : millisOf(this.opts.delay);
  }
}

/** Makes the options that client methods take behind the input. */
export const rpc: {
  opts<I = never, O = never>(opts: IngressCallOptions<I, O>): Opts<I, O>;
  sendOpts<I = never>(opts: IngressSendOptions<I>): SendOpts<I>;
} = {
  opts: (opts) => new Opts(opts),
  sendOpts: (opts) => new SendOpts(opts),
};

/** Options of either kind, as they come out of the marked object. */
export type AnyOptions = IngressCallOptions & IngressSendOptions;

/** True for options of any copy of this package. */
export function isOptions(value: unknown): value is { readonly opts: AnyOptions } {
  const kind = (value as { readonly kind?: unknown } | null | undefined)?.kind;
  return kind === callKind || kind === sendKind;
}
