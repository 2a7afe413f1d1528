// A client is an object that has a method for every handler name. Types say which there are; at run
// time any name is taken, since a client may know a service by its name alone.
// Not handlers: symbols, what every object has, and `then` and `toJSON`, so that a client can be awaited,
// printed and compared like any other object.

import { ClientError, ClientErrorCode } from "./errors.js";
import { isOptions, type AnyOptions } from "./options.js";

export type Invoke = (handler: string, input: unknown, options: AnyOptions) => Promise<unknown>;

/** @param own  methods that are not handlers; they win over a handler of the same name */
export function createHandlerProxy(own: Readonly<Record<string, unknown>>, invoke: Invoke): object {
  return new Proxy(
    { ...own },
    {
      get(target, name) {
        if (typeof name === "symbol" || name in target) return Reflect.get(target, name) as unknown;
        if (name === "then" || name === "toJSON") return undefined;
        return async (...args: unknown[]): Promise<unknown> => {
          const { input, options } = splitArguments(name, args);
          return invoke(name, input, options);
        };
      },
      has: (target, name) => name in target,
      set: () => false,
    },
  );
}

/**
 * Tells input and options apart.
 * @throws ClientError  PDR5303: options that were not made by rpc.opts or rpc.sendOpts
 */
export function splitArguments(
  handler: string,
  args: readonly unknown[],
): { readonly input: unknown; readonly options: AnyOptions } {
  const last = args.at(-1);
  if (isForeignOptions(last)) {
    throw new ClientError(
      ClientErrorCode.badArgument,
      `${handler} was given options that another package made: import rpc from "@perdure/clients"`,
    );
  }
  const options = isOptions(last) ? last.opts : {};
  const inputs = isOptions(last) ? args.slice(0, -1) : args;
  if (inputs.slice(1).some((extra) => extra !== undefined)) {
    throw new ClientError(
      ClientErrorCode.badArgument,
      `${handler} takes one input and then options made by rpc.opts({…}) or rpc.sendOpts({…})`,
    );
  }
  return { input: inputs[0], options };
}

/** Options of contexts look alike, and would be sent as the input. */
function isForeignOptions(value: unknown): boolean {
  if (typeof value !== "object" || value === null || isOptions(value)) return false;
  const { name } = (value.constructor ?? Object) as { readonly name?: unknown };
  return (name === "Opts" || name === "SendOpts") && ("options" in value || "opts" in value);
}
