// Names for the types of definitions, handlers and clients, as the field's code bases use them. Types only.

import type {
  Definition,
  FunctionsOf,
  HandlerDescriptors,
  HandlersOf,
} from "@perdure/protocol/definitions";
import type { ClientOf, SendClientOf } from "../context/clients.js";
import type {
  Context,
  ObjectContext,
  ObjectSharedContext,
  WorkflowContext,
  WorkflowSharedContext,
} from "../context/context.js";

/** A client of these handlers. */
export type Client<Handlers> = ClientOf<Handlers>;
export type SendClient<Handlers> = SendClientOf<Handlers>;
/** A client of the handlers that descriptors stand for: of `iface`'s `_handlers`. */
export type ClientFromDescriptors<H extends HandlerDescriptors> = ClientOf<FunctionsOf<H>>;
export type SendClientFromDescriptors<H extends HandlerDescriptors> = SendClientOf<FunctionsOf<H>>;

/** What `service()` gives. */
export type ServiceDefinition<Name extends string, Handlers> = Definition<
  "service",
  Name,
  Handlers
>;
export type VirtualObjectDefinition<Name extends string, Handlers> = Definition<
  "object",
  Name,
  Handlers
>;
export type WorkflowDefinition<Name extends string, Handlers> = Definition<
  "workflow",
  Name,
  Handlers
>;

/** The handlers of a definition, or the type itself. */
export type Service<M> = HandlersOf<M>;
export type VirtualObject<M> = HandlersOf<M>;
export type Workflow<M> = HandlersOf<M>;

/** The definition of handlers, or the type itself where it is one. */
export type ServiceDefinitionFrom<M> = M extends Definition ? M : ServiceDefinition<string, M>;
export type VirtualObjectDefinitionFrom<M> = M extends Definition
  ? M
  : VirtualObjectDefinition<string, M>;
export type WorkflowDefinitionFrom<M> = M extends Definition ? M : WorkflowDefinition<string, M>;

// oxlint-disable typescript/no-explicit-any -- handlers take and give whatever they say
type Fits<F, C> = F extends (context: C, input: any) => Promise<any>
  ? F
  : (context: C, input?: any) => Promise<any>;
/** State of which no shape is given. */
export type UntypedState = Record<string, any>;
// oxlint-enable typescript/no-explicit-any

/** The function where it can be such a handler, else what one looks like. */
export type ServiceHandler<F, C = Context> = Fits<F, C>;
export type ObjectHandler<F, C = ObjectContext> = Fits<F, C>;
export type ObjectSharedHandler<F, C = ObjectSharedContext> = Fits<F, C>;
export type WorkflowHandler<F, C = WorkflowContext> = Fits<F, C>;
export type WorkflowSharedHandler<F, C = WorkflowSharedContext> = Fits<F, C>;

/** The state of an object or a workflow, as its exclusive handlers see it. */
export type KeyValueStore<S extends object = UntypedState> = Pick<
  ObjectContext<S>,
  "get" | "set" | "stateKeys" | "clear" | "clearAll"
>;
