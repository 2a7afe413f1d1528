// The part of an SDK that the services under test use. Both SDKs export these names with this meaning,
// so the services are written once, as a function of the SDK (definitions.ts). The types are looser
// than those of either: `HandlerContext` has what any of the handlers needs, whatever its kind.

export interface HandlerContext {
  run<T>(name: string, action: () => T): PromiseLike<T>;
  sleep(durationMs: number): PromiseLike<void>;
  get<T>(name: string): PromiseLike<T | null>;
  set<T>(name: string, value: T): void;
  promise<T>(name: string): PromiseLike<T> & { resolve(value: T): PromiseLike<void> };
  serviceClient<C>(definition: { readonly name: string }): C;
}

/** The input type is the handler's own: the SDKs check nothing of it. */
export type Handler = (context: HandlerContext, input: never) => Promise<unknown>;

export interface Definition {
  readonly name: string;
}

interface DefinitionOptions {
  readonly name: string;
  readonly handlers: Readonly<Record<string, Handler>>;
}

export interface DurableSdk {
  service(options: DefinitionOptions): Definition;
  object(options: DefinitionOptions): Definition;
  workflow(options: DefinitionOptions): Definition;
  readonly handlers: { readonly object: { shared(handler: Handler): Handler } };
  readonly RestatePromise: { all<T>(promises: readonly PromiseLike<T>[]): PromiseLike<T[]> };
}
