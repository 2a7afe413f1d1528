// Clients of handlers, from inside handlers: a property for each handler, a call or a send for each.

import type { Duration } from "@perdure/protocol/duration";
import type { HandlerInput, HandlerNames, HandlerOutput } from "@perdure/protocol/definitions";
import type { DurablePromise } from "../futures/names.js";
import type { Serde } from "../serde/serde.js";
import type { InvocationId } from "./context.js";

/** The result of a call, and the id of the invocation that was called. */
export interface InvocationPromise<T> extends DurablePromise<T> {
  /** For `ctx.invocation`, once it is known. */
  readonly invocationId: DurablePromise<InvocationId>;
}

/** An invocation that was sent. */
export interface InvocationHandle {
  /** For `ctx.invocation`, once it is known. */
  readonly invocationId: DurablePromise<InvocationId>;
}

/** The input, then options; options alone where the input may be left out. */
type Arguments<Input extends readonly unknown[], Options> =
  | [...input: Input, options?: Options]
  | (MayBeLeftOut<Input> extends true ? [options: Options] : never);

type MayBeLeftOut<Input extends readonly unknown[]> = [] extends Input
  ? true
  : Input extends readonly [infer Only]
    ? void extends Only
      ? true
      : false
    : false;

export type ClientOf<Handlers> = {
  readonly [Name in HandlerNames<Handlers>]: (
    ...args: Arguments<HandlerInput<Handlers[Name]>, Opts<unknown, unknown>>
  ) => InvocationPromise<HandlerOutput<Handlers[Name]>>;
};

export type SendClientOf<Handlers> = {
  readonly [Name in HandlerNames<Handlers>]: (
    ...args: Arguments<HandlerInput<Handlers[Name]>, SendOpts<unknown>>
  ) => InvocationHandle;
};

export interface CallOptions<I, O> {
  readonly input?: Serde<I>;
  readonly output?: Serde<O>;
  readonly idempotencyKey?: string;
  /** Which concurrency limit of the scope the call comes under: one or two parts joined by "/". Requires a scope. */
  readonly limitKey?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Shown in the journal. */
  readonly name?: string;
}

export interface SendOptions<I> extends Omit<CallOptions<I, never>, "output"> {
  /** Start no earlier than this long after the send. */
  readonly delay?: Duration;
}

/** Options of a call. A class of its own, so that it is not taken for the handler's input. */
export class Opts<I, O> {
  readonly kind = "call";
  readonly options: CallOptions<I, O>;

  private constructor(options: CallOptions<I, O>) {
    this.options = options;
  }

  static from<I = unknown, O = unknown>(options: CallOptions<I, O>): Opts<I, O> {
    return new Opts(options);
  }
}

export class SendOpts<I> {
  readonly kind = "send";
  readonly options: SendOptions<I>;

  private constructor(options: SendOptions<I>) {
    this.options = options;
  }

  static from<I = unknown>(options: SendOptions<I>): SendOpts<I> {
    return new SendOpts(options);
  }
}

/** Options of calls and sends: `client.greet(name, rpc.opts({ idempotencyKey: "k" }))`. */
export const rpc: {
  opts<I = unknown, O = unknown>(options: CallOptions<I, O>): Opts<I, O>;
  sendOpts<I = unknown>(options: SendOptions<I>): SendOpts<I>;
} = {
  opts: (options) => Opts.from(options),
  sendOpts: (options) => SendOpts.from(options),
};

/** A client whose handlers all lead to one function. Safe to be awaited: `then` is no handler. */
export function proxyClient<T>(
  invoke: (
    handler: string,
    input: unknown,
    options: Opts<unknown, unknown> | SendOpts<unknown> | undefined,
  ) => unknown,
): T {
  const cache = new Map<string, unknown>();
  return new Proxy(
    {},
    {
      get(_, handler): unknown {
        if (typeof handler !== "string" || handler === "then") return undefined;
        let call = cache.get(handler);
        if (call === undefined) {
          call = (...args: unknown[]) => {
            const options = args.find((arg) => arg instanceof Opts || arg instanceof SendOpts);
            return invoke(handler, args[0] === options ? undefined : args[0], options);
          };
          cache.set(handler, call);
        }
        return call;
      },
    },
  ) as T;
}
