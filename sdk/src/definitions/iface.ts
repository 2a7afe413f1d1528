// `iface`: what a service type offers, as a value, without its code. Callers import it instead of the service;
// the service implements it (implement.ts), so that both agree on names, types and serdes.
//
//   export const greeter = iface.service("Greeter", { greet: iface.json<string, string>() });

import type {
  Descriptor,
  HandlerDescriptor,
  HandlerDescriptors,
  ServiceKindName,
} from "@perdure/protocol/definitions";
import { schemaSerde } from "../serde/schema-serde.js";
import type { Serde } from "../serde/serde.js";
import type { OutputOf, StandardSchema } from "../serde/standard-schema.js";

export interface DescriptorOpts {
  readonly description?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

// oxlint-disable-next-line typescript/no-explicit-any -- a serde of whatever it is given
type AnySerde = Serde<any>;
type TypeOf<S> = S extends Serde<infer T> ? T : void;
type ValidOf<S> = S extends StandardSchema ? OutputOf<S> : void;

/** Makers of handler descriptors. */
interface HandlerMakers<Shared extends boolean> {
  /** JSON, or whatever else is the default of caller and service. */
  json(options?: DescriptorOpts): HandlerDescriptor<void, void, Shared>;
  json<I, O = void>(options?: DescriptorOpts): HandlerDescriptor<I, O, Shared>;
  /** Serdes for input and output; a direction without one has nothing, as JSON. */
  serdes<I extends AnySerde | undefined = undefined, O extends AnySerde | undefined = undefined>(
    options: { readonly input?: I; readonly output?: O } & DescriptorOpts,
  ): HandlerDescriptor<TypeOf<I>, TypeOf<O>, Shared>;
  /** Standard Schemas (zod, valibot, …) for input and output, as `serde.schema`. */
  schemas<
    I extends StandardSchema | undefined = undefined,
    O extends StandardSchema | undefined = undefined,
  >(
    options: { readonly input?: I; readonly output?: O } & DescriptorOpts,
  ): HandlerDescriptor<ValidOf<I>, ValidOf<O>, Shared>;
}

type Maker<Kind extends ServiceKindName> = <
  Name extends string,
  const H extends HandlerDescriptors,
>(
  name: Name,
  handlers: H,
  options?: DescriptorOpts,
) => Descriptor<Kind, Name, H>;

export interface Interfaces extends HandlerMakers<false> {
  readonly service: Maker<"service">;
  /** Handlers are exclusive unless made by `iface.shared`. */
  readonly object: Maker<"object">;
  /** `run` is the workflow; the others are shared. */
  readonly workflow: Maker<"workflow">;
  /** As those beside it, for handlers of an object that run beside others. */
  readonly shared: HandlerMakers<true>;
}

interface Both<T> extends DescriptorOpts {
  readonly input?: T | undefined;
  readonly output?: T | undefined;
}

function described({ description, metadata }: DescriptorOpts = {}): Partial<HandlerDescriptor> {
  return {
    ...(description === undefined ? {} : { _description: description }),
    ...(metadata === undefined ? {} : { _metadata: metadata }),
  };
}

function handlerOf(
  shared: boolean,
  { input, output, ...options }: Both<AnySerde> = {},
): HandlerDescriptor {
  return {
    ...(input === undefined ? {} : { _inputSerde: input }),
    ...(output === undefined ? {} : { _outputSerde: output }),
    ...(shared ? { _shared: true } : {}),
    ...described(options),
  };
}

function makers<Shared extends boolean>(shared: Shared): HandlerMakers<Shared> {
  const wrapped = (schema: StandardSchema | undefined): AnySerde | undefined =>
    schema === undefined ? undefined : schemaSerde(schema);
  return {
    json: (options?: DescriptorOpts) => handlerOf(shared, options),
    serdes: (options: Both<AnySerde>) => handlerOf(shared, options),
    schemas: ({ input, output, ...options }: Both<StandardSchema>) =>
      handlerOf(shared, { ...options, input: wrapped(input), output: wrapped(output) }),
  } as HandlerMakers<Shared>;
}

function maker<Kind extends ServiceKindName>(kind: Kind): Maker<Kind> {
  return (name, handlers, options) => ({
    name,
    _kind: kind,
    _handlers: handlers,
    ...described(options),
  });
}

/** Makes interfaces of service types. */
export const iface: Interfaces = {
  service: maker("service"),
  object: maker("object"),
  workflow: maker("workflow"),
  ...makers(false),
  shared: makers(true),
};
