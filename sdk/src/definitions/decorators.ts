// Method decorators. They record and never wrap: what runs is the method as written, whatever lowered the
// decorators, and codegen can read them without running anything.

import type {
  Context,
  ObjectContext,
  ObjectSharedContext,
  WorkflowContext,
  WorkflowSharedContext,
} from "../context/context.js";
import { mark } from "./handlers.js";
import type { HandlerKindName } from "./model.js";
import type {
  AnyHandlerOptions,
  ObjectHandlerOpts,
  ServiceHandlerOpts,
  WorkflowHandlerOpts,
} from "./options.js";

type Method<C> = (this: never, context: C, input: never) => Promise<unknown>;
/** A method that instances have and everybody sees. */
type MethodContext = ClassMethodDecoratorContext & {
  readonly static: false;
  readonly private: false;
};

/** Takes methods whose context is the one that handlers of this kind get, and that are async. */
type MethodDecorator<C> = <F extends Method<C>>(method: F, context: MethodContext) => void;

type RunDecorator = <F extends Method<WorkflowContext>>(
  method: F,
  context: MethodContext & { readonly name: "run" },
) => void;

interface SharedDecorator {
  <F extends Method<WorkflowSharedContext>>(method: F, context: MethodContext): void;
  <F extends Method<ObjectSharedContext>>(method: F, context: MethodContext): void;
}

function recording(kind: HandlerKindName | undefined, options: AnyHandlerOptions) {
  return (method: object): void => {
    mark(method, kind, options);
  };
}

/** The main handler of a workflow: runs once for each key. The method is called `run`. */
export function run(options: WorkflowHandlerOpts = {}): RunDecorator {
  return recording("run", options);
}

/** A handler of a workflow or a virtual object that runs beside others and reads state. */
export function shared(options: WorkflowHandlerOpts = {}): SharedDecorator {
  return recording("shared", options);
}

/** A handler of a plain service. */
export function handler(options: ServiceHandlerOpts = {}): MethodDecorator<Context> {
  return recording(undefined, options);
}

/** A handler of a virtual object that runs alone for its key. */
export function exclusive(options: ObjectHandlerOpts = {}): MethodDecorator<ObjectContext> {
  return recording("exclusive", options);
}
