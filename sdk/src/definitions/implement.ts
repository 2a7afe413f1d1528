// `implement`: the code for an interface. What it gives can be served, and stands for the interface.

import type {
  Descriptor,
  HandlerDescriptor,
  HandlerDescriptors,
  ServiceKindName,
} from "@perdure/protocol/definitions";
import type {
  Context,
  ObjectContext,
  ObjectSharedContext,
  WorkflowContext,
  WorkflowSharedContext,
} from "../context/context.js";
import type { Serde } from "../serde/serde.js";
import { definitionOf, handlerModel } from "./define.js";
import { DefinitionError, type HandlerFunction, type HandlerKindName } from "./model.js";
import type {
  AnyHandlerOptions,
  AnyServiceOptions,
  ObjectHandlerOpts,
  ObjectOptions,
  ServiceHandlerOpts,
  ServiceOptions,
  WorkflowHandlerOpts,
  WorkflowOptions,
} from "./options.js";

/** The context of a handler, by the kind of its service and what its descriptor says. */
type ContextOf<Kind, Name, D> = Kind extends "service"
  ? Context
  : Kind extends "object"
    ? D extends { readonly _shared?: true }
      ? ObjectSharedContext
      : ObjectContext
    : Name extends "run"
      ? WorkflowContext
      : WorkflowSharedContext;

type Implementation<Kind, Name, D> =
  D extends HandlerDescriptor<infer I, infer O>
    ? (context: ContextOf<Kind, Name, D>, input: I) => Promise<O>
    : never;

interface ServiceOptionsOf {
  readonly service: ServiceOptions;
  readonly object: ObjectOptions;
  readonly workflow: WorkflowOptions;
}

interface HandlerOptionsOf {
  readonly service: ServiceHandlerOpts;
  readonly object: ObjectHandlerOpts;
  readonly workflow: WorkflowHandlerOpts;
}

export interface ImplementOptions<Kind extends ServiceKindName, Descriptors> {
  readonly handlers: {
    readonly [Name in keyof Descriptors]: Implementation<Kind, Name, Descriptors[Name]>;
  };
  /** Default: the interface's. */
  readonly description?: string;
  /** Default: the interface's. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly options?: ServiceOptionsOf[Kind] & {
    /** Of single handlers. Their serdes are the interface's. */
    readonly handlers?: {
      readonly [Name in keyof Descriptors]?: Omit<HandlerOptionsOf[Kind], "input" | "output">;
    };
  };
}

/**
 * A definition with this interface: for `serve`, and for whatever takes the interface.
 * @throws DefinitionError  a handler is missing
 */
export function implement<
  Kind extends ServiceKindName,
  Name extends string,
  Descriptors extends HandlerDescriptors,
>(
  descriptor: Descriptor<Kind, Name, Descriptors>,
  config: ImplementOptions<Kind, Descriptors>,
): Descriptor<Kind, Name, Descriptors> {
  const { name, _kind: kind, _description, _metadata } = descriptor;
  const functions = config.handlers as Readonly<Record<string, unknown>>;
  const { handlers: ofHandlers = {}, ...ofService } = (config.options ??
    {}) as AnyServiceOptions & {
    readonly handlers?: Readonly<Record<string, AnyHandlerOptions>>;
  };
  const handlers = Object.entries<HandlerDescriptor>(descriptor._handlers).map(
    ([handlerName, handler]) => {
      const code = Object.hasOwn(functions, handlerName) ? functions[handlerName] : undefined;
      if (typeof code !== "function") {
        throw new DefinitionError(`implement(): missing handler "${handlerName}"`);
      }
      const options = {
        ...handlerOptionsOf(handler),
        ...ofHandlers[handlerName],
        ...serdesOf(handler),
      };
      const mark = { kind: kindOf(kind, handlerName, handler), options };
      return handlerModel(kind, name, handlerName, mark, code as HandlerFunction);
    },
  );
  const description = config.description ?? _description ?? ofService.description;
  const metadata = config.metadata ?? _metadata ?? ofService.metadata;
  const options = {
    ...ofService,
    ...(description === undefined ? {} : { description }),
    ...(metadata === undefined ? {} : { metadata }),
  };
  const byName = new Map(handlers.map((handler) => [handler.name, handler]));
  return definitionOf({ name, kind, options, handlers: byName }) as Descriptor<
    Kind,
    Name,
    Descriptors
  >;
}

function kindOf(
  kind: ServiceKindName,
  name: string,
  { _shared }: HandlerDescriptor,
): HandlerKindName | undefined {
  if (kind === "object") return _shared === true ? "shared" : "exclusive";
  if (kind === "workflow") return name === "run" ? "run" : "shared";
  return undefined;
}

function handlerOptionsOf({ _description, _metadata }: HandlerDescriptor): AnyHandlerOptions {
  return {
    ...(_description === undefined ? {} : { description: _description }),
    ...(_metadata === undefined ? {} : { metadata: _metadata }),
  };
}

/** The interface's, whatever options say: callers use them. */
function serdesOf({ _inputSerde, _outputSerde }: HandlerDescriptor): AnyHandlerOptions {
  return {
    ...(_inputSerde === undefined ? {} : { input: _inputSerde as Serde<unknown> }),
    ...(_outputSerde === undefined ? {} : { output: _outputSerde as Serde<unknown> }),
  };
}
