// What names a service type and carries the types of its handlers: a definition value (from
// `service()`, `object()`, `workflow()`), a decorated class, or a plain `{ name }` with a type argument.
// Types only, but for one symbol: the SDK makes definitions, the SDK and the clients take them.

export type ServiceKindName = "service" | "object" | "workflow";

declare const types: unique symbol;

/** A definition value. `Handlers` are functions `(ctx, input?) => Promise<output>` by name. */
export interface Definition<
  Kind extends ServiceKindName = ServiceKindName,
  Name extends string = string,
  Handlers = unknown,
> {
  readonly name: Name;
  /** Never there at run time. */
  readonly [types]?: { readonly kind: Kind; readonly handlers: Handlers };
}

/** A class that one of the SDK's decorators marked. */
export type ServiceClass<Instance = unknown> = abstract new (...args: never[]) => Instance;

/** Where a decorated class keeps its name and kind. Shared by all copies of the SDK. */
export const definitionSymbol: unique symbol = Symbol.for("perdure.definition") as never;

export interface DefinitionMark {
  readonly name: string;
  readonly kind: ServiceKindName;
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
  const mark = (definable as { readonly [definitionSymbol]?: DefinitionMark })[definitionSymbol];
  return mark?.name ?? definable.name;
}
