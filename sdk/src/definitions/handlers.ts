// `handlers.…`: a handler function with its kind and options, for the functional form.

import type {
  Context,
  ObjectContext,
  ObjectSharedContext,
  WorkflowContext,
  WorkflowSharedContext,
} from "../context/context.js";
import type { Serde } from "../serde/serde.js";
import type { HandlerFunction, HandlerKindName } from "./model.js";
import type {
  AnyHandlerOptions,
  ObjectHandlerOpts,
  ServiceHandlerOpts,
  WorkflowHandlerOpts,
} from "./options.js";

interface HandlerMark {
  readonly kind: HandlerKindName | undefined;
  readonly options: AnyHandlerOptions;
}

const marks = new WeakMap<object, HandlerMark>();

export function markOf(handler: object): HandlerMark {
  return marks.get(handler) ?? { kind: undefined, options: {} };
}

export function isMarked(handler: object): boolean {
  return marks.has(handler);
}

/** The function as it is; what is said about it is kept beside it. */
export function mark(
  handler: object,
  kind: HandlerKindName | undefined,
  options: AnyHandlerOptions,
): void {
  marks.set(handler, { kind, options });
}

type Fn<C> = (context: C, input: never) => Promise<unknown>;

interface Maker<C, Options> {
  <F extends Fn<C>>(handler: F): F;
  // oxlint-disable-next-line typescript/no-explicit-any -- without a serde, the handler says what it takes and gives
  <F extends (context: C, input: I) => Promise<O>, I = any, O = any>(
    options: Options & { readonly input?: Serde<I>; readonly output?: Serde<O> },
    handler: F,
  ): F;
}

function maker<C, Options extends AnyHandlerOptions>(
  kind: HandlerKindName | undefined,
): Maker<C, Options> {
  return (<F extends Fn<C>>(first: F | Options, second?: F): F => {
    const given = (second ?? first) as F;
    const options = second === undefined ? {} : (first as Options);
    const handler = ((...args: Parameters<HandlerFunction>) =>
      (given as unknown as HandlerFunction)(...args)) as unknown as F;
    mark(handler, kind, options);
    return handler;
  }) as Maker<C, Options>;
}

export const createServiceHandler: Maker<Context, ServiceHandlerOpts> = maker(undefined);
export const createObjectHandler: Maker<ObjectContext, ObjectHandlerOpts> = maker("exclusive");
export const createObjectSharedHandler: Maker<ObjectSharedContext, ObjectHandlerOpts> =
  maker("shared");
export const createWorkflowHandler: Maker<WorkflowContext, WorkflowHandlerOpts> = maker("run");
export const createWorkflowSharedHandler: Maker<WorkflowSharedContext, WorkflowHandlerOpts> =
  maker("shared");

/** Handlers with a kind and options of their own. */
export const handlers: {
  readonly handler: typeof createServiceHandler;
  readonly object: {
    readonly exclusive: typeof createObjectHandler;
    readonly shared: typeof createObjectSharedHandler;
  };
  readonly workflow: {
    readonly workflow: typeof createWorkflowHandler;
    readonly shared: typeof createWorkflowSharedHandler;
  };
} = {
  handler: createServiceHandler,
  object: { exclusive: createObjectHandler, shared: createObjectSharedHandler },
  workflow: { workflow: createWorkflowHandler, shared: createWorkflowSharedHandler },
};
