// Options of one request. A handler's client method takes its input and then, optionally, an options
// object, and a handler without input takes the options alone: so options are marked objects, made by
// `rpc.opts` and `rpc.sendOpts`, which can't be mistaken for an input.

import type { Duration } from "@perdure/protocol/duration";
import type { Serde } from "./serde.js";

export interface CallOptions {
  /** Requests with the same key to the same handler are one invocation. Makes a call safe to repeat. */
  readonly idempotencyKey?: string | undefined;
  /** Sent along and shown to the handler. They win over those of the connection. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Gives up waiting (not the invocation) after this long. Default: none. */
  readonly timeout?: Duration | undefined;
  /** Gives up waiting (not the invocation) when it aborts. Works together with `timeout`. */
  readonly signal?: AbortSignal | undefined;
  /** How the input becomes bytes. Default JSON. */
  readonly input?: Serde<unknown> | undefined;
  /** How the result becomes a value. Default JSON. */
  readonly output?: Serde<unknown> | undefined;
}

export interface SendOptions extends Omit<CallOptions, "output"> {
  /** Run no earlier than this long after the submission. Default 0. */
  readonly delay?: Duration | undefined;
}

const callKind = "perdure.call-options";
const sendKind = "perdure.send-options";

/** Options of a call. Made by {@link rpc}`.opts`. */
export class Opts {
  readonly kind: typeof callKind = callKind;
  readonly options: CallOptions;

  constructor(options: CallOptions) {
    this.options = options;
  }

  static from(options: CallOptions): Opts {
    return new Opts(options);
  }
}

/** Options of a send or a submission. Made by {@link rpc}`.sendOpts`. */
export class SendOpts {
  readonly kind: typeof sendKind = sendKind;
  readonly options: SendOptions;

  constructor(options: SendOptions) {
    this.options = options;
  }

  static from(options: SendOptions): SendOpts {
    return new SendOpts(options);
  }
}

/** Makes the options that client methods take behind the input. */
export const rpc: {
  opts(options: CallOptions): Opts;
  sendOpts(options: SendOptions): SendOpts;
} = {
  opts: (options) => new Opts(options),
  sendOpts: (options) => new SendOpts(options),
};

/** True for options of any copy of this package. */
export function isOptions(value: unknown): value is Opts | SendOpts {
  const kind = (value as { readonly kind?: unknown } | null | undefined)?.kind;
  return kind === callKind || kind === sendKind;
}
