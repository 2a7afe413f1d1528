// `service`, `object` and `workflow`: each is a class decorator and the functional form.
//
//   @workflow({ workflowRetention: { days: 7 } })      const greeter = service({
//   export class SignupWorkflow { … }                    name: "Greeter", handlers: { … } });
//
// Both end as a ServiceModel, kept beside the class or the definition. What callers want to know (the kind, the
// handlers' serdes) is on the definition itself and on the class, see @perdure/protocol/definitions.

import {
  definitionSymbol,
  handlerKindOf,
  type Definition,
  type DefinitionMark,
  type Descriptor,
  type HandlerDescriptor,
  type HandlerDescriptors,
  type ServiceKindName,
} from "@perdure/protocol/definitions";
import type {
  Context,
  ObjectContext,
  WorkflowContext,
  WorkflowSharedContext,
} from "../context/context.js";
import { isMarked, markOf } from "./handlers.js";
import {
  DefinitionError,
  type HandlerFunction,
  type HandlerModel,
  type ServiceModel,
} from "./model.js";
import type {
  AnyServiceOptions,
  ObjectOptions,
  ServiceOptions,
  WorkflowOptions,
} from "./options.js";

// Handlers are inferred as written; the constraints say what they are checked against, and give `ctx` its type.
// oxlint-disable-next-line typescript/no-explicit-any -- a handler may take whatever its serde reads
type Fn<C> = (context: C, input: any) => Promise<unknown>;
type Handlers<C> = Record<string, Fn<C>>;

type ClientNames = "workflowSubmit" | "workflowAttach" | "workflowOutput";
type WorkflowHandlers = { readonly [name: string]: Fn<never> } & {
  readonly run: Fn<WorkflowContext>;
};
type SharedOf<H> = {
  readonly [Name in Exclude<keyof H, "run">]: Name extends ClientNames
    ? `"${Name}" is a name of the clients`
    : Fn<WorkflowSharedContext>;
};

interface Described<Name extends string, Options> {
  readonly name: Name;
  readonly description?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly options?: Options;
}

/** Takes classes that can be made without arguments: the SDK makes the one instance. */
type ClassDecorator<Instance> = <C extends new () => Instance>(
  target: C,
  context: ClassDecoratorContext<C>,
) => void;

interface Named {
  /** Default: the name of the class. */
  readonly name?: string;
}

/** A plain service, as functions. */
export function service<Name extends string, H extends Handlers<Context>>(
  definition: Described<Name, ServiceOptions> & { readonly handlers: H },
): Definition<"service", Name, H>;
/** Class decorator: a plain service. */
export function service(options?: ServiceOptions & Named): ClassDecorator<object>;
export function service(given: Given = {}): unknown {
  return define("service", given);
}

/** A virtual object, as functions. Handlers are exclusive unless made by `handlers.object.shared`. */
export function object<Name extends string, H extends Handlers<ObjectContext>>(
  definition: Described<Name, ObjectOptions> & { readonly handlers: H },
): Definition<"object", Name, H>;
/** Class decorator: a virtual object. */
export function object(options?: ObjectOptions & Named): ClassDecorator<object>;
export function object(given: Given = {}): unknown {
  return define("object", given);
}

/** A workflow, as functions: `run` and shared handlers. */
export function workflow<Name extends string, H extends WorkflowHandlers>(
  definition: Described<Name, WorkflowOptions> & { readonly handlers: H & SharedOf<H> },
): Definition<"workflow", Name, H>;
/** Class decorator: a workflow. The class has a method `run`, decorated with `@run()`. */
export function workflow(
  options?: WorkflowOptions & Named,
): ClassDecorator<{ readonly run: (context: WorkflowContext, input: never) => Promise<unknown> }>;
export function workflow(given: Given = {}): unknown {
  return define("workflow", given);
}

interface Functional extends Described<string, AnyServiceOptions> {
  readonly handlers: object;
}

type Given = Functional | (AnyServiceOptions & Named);

const models = new WeakMap<object, ServiceModel>();

/**
 * The model of a decorated class or a definition.
 * @throws DefinitionError
 */
export function modelOf(definable: object): ServiceModel {
  const model = models.get(definable);
  if (model !== undefined) return model;
  const name = (definable as { name?: string }).name ?? "this value";
  if ("_kind" in definable) {
    throw new DefinitionError(`${name} is an interface only: serve what implement() makes of it`);
  }
  throw new DefinitionError(
    `${name} is no service: decorate the class with @service(), @object() or @workflow(), or make a definition with the function of that name`,
  );
}

function define(kind: ServiceKindName, given: Given): unknown {
  if ("handlers" in given) return defineFunctional(kind, given);
  return (target: new () => object): void => {
    const { name = target.name, ...options } = given;
    if (models.has(target)) throw new DefinitionError(`class ${name} is decorated twice`);
    const model = classModel(kind, name, target, options);
    models.set(target, model);
    const mark: DefinitionMark = { name, kind, handlers: descriptorsOf(model) };
    Object.defineProperty(target, definitionSymbol, { value: mark });
  };
}

function defineFunctional(kind: ServiceKindName, given: Functional): Descriptor {
  const { name, description, metadata } = given;
  const options = {
    ...given.options,
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata }),
  };
  const handlers = Object.entries(given.handlers).map(([handlerName, fn]: [string, unknown]) => {
    if (typeof fn !== "function") {
      throw new DefinitionError(`handler ${handlerName} of ${name} is no function`);
    }
    const own = markOf(fn);
    return handlerModel(kind, name, handlerName, own, fn as HandlerFunction);
  });
  return definitionOf({ name, kind, options, handlers: byName(handlers) });
}

/**
 * A definition value of this model.
 * @throws DefinitionError
 */
export function definitionOf(model: ServiceModel): Descriptor {
  const { name, kind, options } = checked(model);
  const definition: Descriptor = {
    name,
    _kind: kind,
    _handlers: descriptorsOf(model),
    ...(options.description === undefined ? {} : { _description: options.description }),
    ...(options.metadata === undefined ? {} : { _metadata: options.metadata }),
  };
  models.set(definition, model);
  return definition;
}

/** What callers see of the handlers. Defaults that are no option of the service are theirs. */
function descriptorsOf(model: ServiceModel): HandlerDescriptors {
  const { options: ofService, handlers } = model;
  return Object.fromEntries(
    [...handlers.values()].map(({ name, kind, options }): [string, HandlerDescriptor] => {
      const input = options.input ?? options.serde ?? ofService.serde;
      const output = options.output ?? options.serde ?? ofService.serde;
      return [
        name,
        {
          ...(input === undefined ? {} : { _inputSerde: input }),
          ...(output === undefined ? {} : { _outputSerde: output }),
          ...(model.kind === "object" && kind === "shared" ? { _shared: true } : {}),
          ...(options.description === undefined ? {} : { _description: options.description }),
          ...(options.metadata === undefined ? {} : { _metadata: options.metadata }),
        },
      ];
    }),
  );
}

function classModel(
  kind: ServiceKindName,
  name: string,
  target: new () => object,
  options: AnyServiceOptions,
): ServiceModel {
  let instance: Record<string, HandlerFunction> | undefined;
  const handlers: HandlerModel[] = [];
  for (const [method, fn] of methodsOf(target)) {
    if (!isMarked(fn)) continue;
    handlers.push(
      handlerModel(kind, name, method, markOf(fn), (context, ...input) => {
        instance ??= new target() as Record<string, HandlerFunction>;
        return (instance[method] as HandlerFunction)(context, ...input);
      }),
    );
  }
  return checked({ name, kind, options, handlers: byName(handlers) });
}

/** Methods of a class and of those that it extends, nearest first. */
function methodsOf(target: new () => object): Map<string, HandlerFunction> {
  const methods = new Map<string, HandlerFunction>();
  let prototype: object | null = target.prototype as object;
  while (prototype !== null && prototype !== Object.prototype) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof property.value !== "function" || methods.has(name)) continue;
      methods.set(name, property.value as HandlerFunction);
    }
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return methods;
}

/** @throws DefinitionError  the service can't have a handler of this kind */
export function handlerModel(
  kind: ServiceKindName,
  serviceName: string,
  name: string,
  { kind: given, options }: ReturnType<typeof markOf>,
  fn: HandlerFunction,
): HandlerModel {
  const handlerKind = handlerKindOf(kind, name, given);
  if (handlerKind === undefined) {
    throw new DefinitionError(
      `handler ${name} of ${serviceName} can't be ${given ?? "shared"}: ${serviceName} is ${aKind(kind)}`,
    );
  }
  return {
    name,
    kind: handlerKind,
    options,
    invoke: (context, input) => fn(context as never, input),
  };
}

function aKind(kind: ServiceKindName): string {
  return kind === "object" ? "an object" : `a ${kind}`;
}

function byName(handlers: readonly HandlerModel[]): ReadonlyMap<string, HandlerModel> {
  return new Map(handlers.map((handler) => [handler.name, handler]));
}

function checked(model: ServiceModel): ServiceModel {
  if (typeof model.name !== "string" || model.name === "") {
    throw new DefinitionError(`${aKind(model.kind)} needs a name`);
  }
  if (model.handlers.size === 0) throw new DefinitionError(`${model.name} has no handlers`);
  if (model.kind === "workflow" && !model.handlers.has("run")) {
    throw new DefinitionError(`the workflow ${model.name} has no handler "run"`);
  }
  return model;
}
