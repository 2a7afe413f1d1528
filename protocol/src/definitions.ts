// What names a service type and carries the types of its handlers: a definition value (from
// `service()`, `object()`, `workflow()`), an interface descriptor (from `iface`), a decorated class, or a plain
// `{ name }` with a type argument. The SDK makes them, the SDK and the clients take them.
//   D1. Definition values and descriptors carry their kind and their handlers' serdes as plain members (`_kind`,
//       `_handlers`), classes carry them under one symbol: whoever takes a definable asks `kindOf` and `descriptorOf`.

export type ServiceKindName = "service" | "object" | "workflow";

export type HandlerKindName = "run" | "shared" | "exclusive";

/**
 * The kind that a handler has.
 * @param given  what it was marked as; undefined: nothing that says a kind
 * @returns undefined  a service of this kind can't have such a handler
 */
export function handlerKindOf(
  service: ServiceKindName,
  name: string,
  given: HandlerKindName | undefined,
): HandlerKindName | undefined {
  switch (service) {
    case "service":
      return given === undefined ? "shared" : undefined;
    case "object":
      return given === "run" ? undefined : (given ?? "exclusive");
    case "workflow":
      if (given === "exclusive") return undefined;
      if (name === "run") return given === "shared" ? undefined : "run";
      return given === "run" ? undefined : "shared";
  }
}

declare const types: unique symbol;

/** A definition value. `Handlers` are functions `(ctx, input?) => Promise<output>` by name. */
export interface Definition<
  Kind extends ServiceKindName = ServiceKindName,
  Name extends string = string,
  Handlers = unknown,
> {
  readonly name: Name;
  /** There on what `service()`, `object()` and `workflow()` give, not on a name that is written as one. */
  readonly _kind?: Kind;
  readonly _handlers?: HandlerDescriptors;
  /** Never there at run time. */
  readonly [types]?: { readonly kind: Kind; readonly handlers: Handlers };
}

/** What a declared serde can do, as far as callers need it. The SDK's and the clients' `Serde` are of this form. */
export interface DeclaredSerde<T> {
  readonly contentType?: string | undefined;
  serialize(value: T): Uint8Array;
  deserialize(bytes: Uint8Array): T;
}

/** One handler, as its callers see it. A serde that is absent is the caller's default. */
export interface HandlerDescriptor<
  // oxlint-disable-next-line typescript/no-explicit-any -- a descriptor of whatever input and output
  I = any,
  // oxlint-disable-next-line typescript/no-explicit-any
  O = any,
  Shared extends boolean = boolean,
> {
  readonly _inputSerde?: DeclaredSerde<I>;
  readonly _outputSerde?: DeclaredSerde<O>;
  /** Of an object's handlers: runs beside others. */
  readonly _shared?: Shared;
  readonly _description?: string;
  readonly _metadata?: Readonly<Record<string, string>>;
}

export type HandlerDescriptors = Readonly<Record<string, HandlerDescriptor>>;

type IsAny<T> = 0 extends 1 & T ? true : false;

/** The handlers that descriptors stand for, as functions. */
export type FunctionsOf<Descriptors> = {
  readonly [Name in keyof Descriptors]: Descriptors[Name] extends HandlerDescriptor<
    infer I,
    infer O,
    boolean
  >
    ? IsAny<I> extends true
      ? (context: never, input?: I) => Promise<O>
      : [I] extends [void]
        ? (context: never) => Promise<O>
        : (context: never, input: I) => Promise<O>
    : never;
};

/** A service type as a value: what it is, and which serdes its handlers use. */
export interface Descriptor<
  Kind extends ServiceKindName = ServiceKindName,
  Name extends string = string,
  Descriptors extends HandlerDescriptors = HandlerDescriptors,
> extends Definition<Kind, Name, FunctionsOf<Descriptors>> {
  readonly _kind: Kind;
  readonly _handlers: Descriptors;
  readonly _description?: string;
  readonly _metadata?: Readonly<Record<string, string>>;
}

/** A class that one of the SDK's decorators marked. */
export type ServiceClass<Instance = unknown> = abstract new (...args: never[]) => Instance;

/** Where a decorated class keeps its name and kind. Shared by all copies of the SDK. */
export const definitionSymbol: unique symbol = Symbol.for("perdure.definition") as never;

export interface DefinitionMark {
  readonly name: string;
  readonly kind: ServiceKindName;
  readonly handlers?: HandlerDescriptors;
}

/** Anything that stands for a service type. */
export type Definable = Definition | ServiceClass;

/** A definition of one kind, or a decorated class. */
export type DefinableAs<Kind extends ServiceKindName> = Definition<Kind> | ServiceClass;

/** A bare name; the handlers come as a type argument. */
export type ServiceName = { readonly name: string } & { readonly [types]?: never };

/** The handlers, whatever `D` is: a definition, a class, or an interface of handlers. */
export type HandlersOf<D> =
  D extends Definition<ServiceKindName, string, infer Handlers>
    ? unknown extends Handlers
      ? D extends ServiceClass<infer Instance>
        ? Instance
        : D
      : Handlers
    : D extends ServiceClass<infer Instance>
      ? Instance
      : D;

type AnyHandler = (...args: never[]) => Promise<unknown>;

/** Names of the members that can be handlers. */
export type HandlerNames<Handlers> = {
  [Name in keyof Handlers]: Handlers[Name] extends AnyHandler ? Name : never;
}[keyof Handlers];

/** The input of a handler, as the arguments of its caller: none where it takes none. */
export type HandlerInput<Handler> = Handler extends (ctx: never, ...input: infer Input) => unknown
  ? Input
  : never;

export type HandlerOutput<Handler> = Handler extends (...args: never[]) => infer Output
  ? Awaited<Output>
  : never;

/** The name of a service type. */
export function nameOf(definable: Definable): string {
  return markOf(definable)?.name ?? definable.name;
}

/** The kind of a service type; undefined for a bare name. */
export function kindOf(definable: Definable): ServiceKindName | undefined {
  const mark = markOf(definable);
  return mark === undefined ? (definable as Partial<Descriptor>)._kind : mark.kind;
}

/** What is declared of a handler; undefined for a bare name, and for a handler that is not declared. */
export function descriptorOf(definable: Definable, handler: string): HandlerDescriptor | undefined {
  const mark = markOf(definable);
  const handlers =
    mark === undefined ? (definable as Partial<Descriptor>)._handlers : mark.handlers;
  return handlers !== undefined && Object.hasOwn(handlers, handler) ? handlers[handler] : undefined;
}

function markOf(definable: Definable): DefinitionMark | undefined {
  return (definable as { readonly [definitionSymbol]?: DefinitionMark })[definitionSymbol];
}
