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
import { DefinitionError, type HandlerKindName } from "./model.js";
import type {
  AnyHandlerOptions,
  ObjectHandlerOpts,
  ServiceHandlerOpts,
  WorkflowHandlerOpts,
} from "./options.js";

// oxlint-disable typescript/no-explicit-any -- without a serde, the method says what it takes and gives
type Method<C, I, O> = (this: never, context: C, input: I) => Promise<O>;
/** A method that instances have and everybody sees. */
type MethodContext = ClassMethodDecoratorContext & {
  readonly static: false;
  readonly private: false;
};

/** Takes methods whose context is the one that handlers of this kind get, and that are async. */
type MethodDecorator<C, I, O> = <F extends Method<C, I, O>>(
  method: F,
  context: MethodContext,
) => void;

type RunDecorator<I, O> = <F extends Method<WorkflowContext, I, O>>(
  method: F,
  context: MethodContext & { readonly name: "run" },
) => void;

interface SharedDecorator<I, O> {
  <F extends Method<WorkflowSharedContext, I, O>>(method: F, context: MethodContext): void;
  <F extends Method<ObjectSharedContext, I, O>>(method: F, context: MethodContext): void;
}

function recording(kind: HandlerKindName | undefined, options: AnyHandlerOptions) {
  return (method: object, context?: unknown): void => {
    if (typeof method !== "function") throw compiledAsOld(method, context);
    mark(method, kind, options);
  };
}

/** TypeScript's decorators of old get the prototype and the method's name. Nothing would be recorded. */
function compiledAsOld(prototype: object, name: unknown): DefinitionError {
  return new DefinitionError(
    `the decorator of ${prototype.constructor.name}.${String(name)} is compiled in the old way of TypeScript: remove "experimentalDecorators" from tsconfig.json, or write the service as functions`,
  );
}

/** The main handler of a workflow: runs once for each key. The method is called `run`. */
export function run<I = any, O = any>(options: WorkflowHandlerOpts<I, O> = {}): RunDecorator<I, O> {
  return recording("run", options);
}

/** A handler of a workflow or a virtual object that runs beside others and reads state. */
export function shared<I = any, O = any>(
  options: WorkflowHandlerOpts<I, O> = {},
): SharedDecorator<I, O> {
  return recording("shared", options);
}

/** A handler of a plain service. */
export function handler<I = any, O = any>(
  options: ServiceHandlerOpts<I, O> = {},
): MethodDecorator<Context, I, O> {
  return recording(undefined, options);
}

/** A handler of a virtual object that runs alone for its key. */
export function exclusive<I = any, O = any>(
  options: ObjectHandlerOpts<I, O> = {},
): MethodDecorator<ObjectContext, I, O> {
  return recording("exclusive", options);
}
// oxlint-enable typescript/no-explicit-any
