// What a worker does for the others: the calls of their callers and operators that concern its partitions, messages from
// their partitions, and the registry that it follows.

import type { Handler } from "@perdure/proto/manifest/v1/manifest";
import type { Delivered, MessageReceived } from "@perdure/proto/storage/v1/events";
import type { Engine } from "./engine.js";
import type { RegistryChange, RegistryContent } from "../registry/replication.js";
import {
  Unavailable,
  type Gone,
  type InvocationRef,
  type Outcome,
  type SignalResult,
  type Stage,
  type Submitted,
  type SubmitRequest,
} from "../shard/invocations.js";
import type { Operators } from "../shard/operators.js";
import type { RegisteredService } from "../shard/registry-view.js";
import type { Shard } from "../shard/shard.js";
import type { Progress } from "../shard/watch-events.js";
import type { Watched } from "../shard/watches.js";
import { GoneSignal } from "../shard/gone-signal.js";
import type { Link } from "./link.js";

/** A submission as it travels: what is registered is known on both sides. */
export interface SentSubmission extends Omit<SubmitRequest, "service" | "handler" | "admitted"> {
  readonly service: string;
  readonly handler: string;
}

export type Verb = keyof Operators;

export interface PeerMethods {
  submit(request: SentSubmission): Promise<Submitted>;
  call(request: SentSubmission, gone: Gone): Promise<Outcome>;
  attach(ref: InvocationRef, gone: Gone): Promise<Outcome | undefined>;
  output(ref: InvocationRef): Promise<Outcome | "notReady" | undefined>;
  status(ref: InvocationRef): Promise<Stage | undefined>;
  signal(signal: SentSignal): Promise<void>;
  operate(verb: SentVerb): Promise<unknown>;
  /** The number of a watch; undefined where there is no such invocation. */
  watch(of: SentWatch): Promise<number | undefined>;
  /** What happened next; undefined when all was told. */
  nextOfWatch(watch: number): Promise<Watched | undefined>;
  endWatch(watch: number): void;
  deliver(message: SentMessage): void;
  delivered(receipt: SentReceipt): void;
  pinnedTo(deploymentId: string): number;
  apply(change: RegistryChange): Promise<void>;
  follow(content: RegistryContent): Promise<void>;
}

export interface SentSignal {
  readonly invocationId: string;
  readonly signalId: number;
  readonly result: SignalResult;
}

export interface SentVerb {
  readonly verb: Verb;
  readonly parameters: readonly unknown[];
}

export interface SentWatch {
  readonly invocationId: string;
  readonly since: Progress | undefined;
}

export interface SentMessage {
  readonly to: number;
  readonly message: MessageReceived;
}

export interface SentReceipt {
  readonly sender: number;
  readonly receipt: Delivered;
}

export type PeerLink = Link<PeerMethods>;

interface Watch {
  readonly gone: GoneSignal;
  readonly events: AsyncGenerator<Watched, void>;
}

/** What one link serves. */
export function peerMethods(engine: Engine, shard: Shard): PeerMethods {
  const { callers, operators, registry, watches } = engine;
  const open = new Map<number, Watch>();
  let lastWatch = 0;
  return {
    submit: async (request) => await callers.submit(resolved(engine, request)),
    call: async (request, gone) => await callers.call(resolved(engine, request), gone),
    attach: (ref, gone) => callers.attach(ref, gone),
    output: (ref) => callers.output(ref),
    status: (ref) => callers.status(ref),
    signal: ({ invocationId, signalId, result }) => callers.signal(invocationId, signalId, result),
    operate: async ({ verb, parameters }) =>
      await (operators[verb] as (...all: readonly unknown[]) => unknown)(...parameters),
    watch: async ({ invocationId, since }) => {
      const gone = new GoneSignal();
      const events = await watches.watch(invocationId, since, gone);
      if (events === undefined) return undefined;
      open.set(++lastWatch, { gone, events });
      return lastWatch;
    },
    nextOfWatch: async (watch) => {
      const next = await open.get(watch)?.events.next();
      if (next?.done === false) return next.value;
      open.delete(watch);
      return undefined;
    },
    endWatch: (watch) => {
      open.get(watch)?.gone.abort();
    },
    deliver: ({ to, message }) => {
      shard.enqueue(to, { case: "messageReceived", value: message });
    },
    delivered: ({ sender, receipt }) => {
      shard.enqueue(sender, { case: "delivered", value: receipt });
    },
    pinnedTo: (deploymentId) => operators.pinnedHere(deploymentId),
    apply: (change) => registry.apply(change),
    follow: (content) => registry.follow(content),
  };
}

function resolved(engine: Engine, request: SentSubmission): SubmitRequest {
  const service = engine.registry.view.services.get(request.service);
  const handler = service?.handlers.get(request.handler);
  if (service === undefined || handler === undefined) {
    throw new Unavailable(
      "PDR1303",
      `${request.service}/${request.handler} is being registered; try again in a moment`,
    );
  }
  return { ...request, service, handler };
}

/** What names the target of a submission, for a side that knows what is registered. */
export function sentSubmission(request: SubmitRequest): SentSubmission {
  const { service, handler, admitted: _, ...rest } = request;
  return { ...rest, ...namesOf(service, handler) };
}

function namesOf(
  { service }: RegisteredService,
  handler: Handler,
): Pick<SentSubmission, "service" | "handler"> {
  return { service: service.name, handler: handler.name };
}
