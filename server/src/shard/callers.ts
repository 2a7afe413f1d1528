// The callers' side of a shard: submissions become events, answers come back as effects, waits become
// latches.

import { create } from "@bufbuild/protobuf";
import { HandlerKind, type Handler, type Service } from "@perdure/proto/manifest/v1/manifest";
import { FailureSchema, type Failure, type Target } from "@perdure/proto/protocol/v1/journal";
import type { Signalled, Submitted as SubmittedEvent } from "@perdure/proto/storage/v1/events";
import {
  InvocationStatus,
  type Invocation,
  type InvokeMessage,
  type ResolvedTarget,
} from "@perdure/proto/storage/v1/records";
import { invariant } from "@perdure/protocol/assert";
import { partitionOfInvocationId } from "@perdure/protocol/ids";
import { valueOf } from "@perdure/protocol/messages";
import type { OutputResult, Submission } from "../core/effect.js";
import { workflowAlreadyInvoked } from "../core/lifecycle/submitted.js";
import { findRun, readOutput } from "../core/queries.js";
import type { Admission, Ticket } from "./admission.js";
import type { Clock } from "./clock.js";
import { identify, randomSeed } from "./identity.js";
import type {
  Gone,
  InvocationRef,
  Invocations,
  Outcome,
  SignalResult,
  Stage,
  SubmitRequest,
  Submitted,
} from "./invocations.js";
import { Latches } from "./latches.js";
import type { Placement } from "./placement.js";
import { retentionOf, type RetentionDefaults } from "./retention.js";
import type { Shard } from "./shard.js";

interface Waiting {
  readonly resolve: (submission: Submission) => void;
  readonly ticket: Ticket;
}

export interface CallersOptions {
  readonly shard: () => Shard;
  readonly clock: Clock;
  readonly retention: RetentionDefaults;
  readonly admission: Admission;
  /** Default: all partitions are run here. */
  readonly placement?: Placement | undefined;
}

export class Callers implements Invocations {
  readonly #options: CallersOptions;
  readonly #latches = new Latches();
  readonly #waiting = new Map<number, Waiting>();
  #lastToken = 0;

  constructor(options: CallersOptions) {
    this.#options = options;
  }

  // ---- effects of the shard

  submitted(token: number, submission: Submission): void {
    const waiting = this.#waiting.get(token);
    this.#waiting.delete(token);
    if (waiting === undefined) return;
    const { accepted, invocation } = submission;
    const isReady = accepted && invocation.status === InvocationStatus.READY;
    this.#options.admission.left(waiting.ticket, isReady);
    waiting.resolve(submission);
  }

  completed(runId: string, invocation: Invocation, output: OutputResult): void {
    this.#options.admission.over(runId);
    this.#latches.release(runId, invocation, output);
  }

  // ---- Invocations

  admit(mode: "call" | "send", service: string): void {
    this.#options.shard().admit();
    this.#options.admission.check(mode === "call" ? service : undefined);
  }

  submit(request: SubmitRequest): Promise<Submitted> {
    return new Promise((resolve, reject) => {
      this.#enqueue(
        request,
        "send",
        ({ id, accepted, invocation }) => {
          const scheduled = invocation.status === InvocationStatus.SCHEDULED;
          const executionTimeMs = scheduled ? invocation.dueAt : undefined;
          resolve({ invocationId: id, accepted, executionTimeMs });
        },
        reject,
      );
    });
  }

  call(request: SubmitRequest, gone?: Gone): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      this.#enqueue(
        request,
        "call",
        ({ runId, accepted, invocation, output }) => {
          if (!accepted && request.handler.kind === HandlerKind.RUN) {
            return resolve(outcomeOf(invocation, workflowAlreadyInvoked));
          }
          if (output !== undefined) return resolve(outcomeOf(invocation, output));
          this.#latch(runId, resolve, gone);
        },
        reject,
      );
    });
  }

  attach(ref: InvocationRef, gone?: Gone): Promise<Outcome | undefined> {
    return this.#look(ref, (runId, invocation, resolve) => {
      if (invocation.status === InvocationStatus.COMPLETED) {
        return resolve(this.#outcome(runId, invocation));
      }
      this.#latch(runId, resolve, gone);
    });
  }

  output(ref: InvocationRef): Promise<Outcome | "notReady" | undefined> {
    return this.#look<Outcome | "notReady">(ref, (runId, invocation, resolve) => {
      const completed = invocation.status === InvocationStatus.COMPLETED;
      resolve(completed ? this.#outcome(runId, invocation) : "notReady");
    });
  }

  status(ref: InvocationRef): Promise<Stage | undefined> {
    return this.#look<Stage>(ref, (runId, invocation, resolve) => {
      const stage = stageOf(invocation.status);
      resolve({ invocationId: invocation.id, stage, failure: this.#failure(runId, invocation) });
    });
  }

  signal(invocationId: string, signalId: number, result: SignalResult): Promise<void> {
    const shard = this.#options.shard();
    shard.admit();
    const value: Signalled = {
      $typeName: "perdure.storage.v1.Signalled",
      signal: {
        $typeName: "perdure.storage.v1.SignalMessage",
        invocationId,
        signal: {
          $typeName: "perdure.protocol.v1.Signal",
          signal: { case: "id", value: signalId },
          result,
        },
      },
    };
    return new Promise((resolve, reject) => {
      shard.enqueue(
        partitionOfInvocationId(invocationId),
        { case: "signalled", value },
        { onRefused: reject, onReleased: resolve },
      );
    });
  }

  idOf(ref: InvocationRef): string {
    return idOf(ref);
  }

  #enqueue(
    request: SubmitRequest,
    mode: "send" | "call",
    onSubmitted: (submission: Submission) => void,
    onRefused: (error: unknown) => void,
  ): void {
    const shard = this.#options.shard();
    const { admission } = this.#options;
    const { name } = request.service.service;
    if (request.admitted === true) shard.admit();
    else this.admit(mode, name);
    const nowMs = this.#options.clock.now();
    const { service, handler, key, idempotencyKey, scope, limitKey } = request;
    const identity = identify(
      { service: service.service.name, handler, key, idempotencyKey, scope },
      nowMs,
      this.#options.placement?.isHere,
    );
    const { retention } = this.#options;
    const idempotent = idempotencyKey !== undefined;
    const invocation: InvokeMessage = {
      $typeName: "perdure.storage.v1.InvokeMessage",
      id: identity.id,
      runId: identity.runId,
      target: resolveTarget(
        service.service,
        handler,
        { key, scope, limitKey },
        idempotent,
        retention,
      ),
      headers: [...request.headers],
      parameter: valueOf(request.parameter),
      idempotencyKey: idempotencyKey ?? "",
      startAt: request.delayMs > 0 ? Math.ceil(nowMs) + request.delayMs : 0,
      randomSeed: randomSeed(),
    };
    const token = ++this.#lastToken;
    const call = mode === "call" ? { runId: identity.runId, service: name } : undefined;
    const ticket = admission.entered(request.parameter.byteLength, call);
    this.#waiting.set(token, { resolve: onSubmitted, ticket });
    const value: SubmittedEvent = { $typeName: "perdure.storage.v1.Submitted", invocation };
    shard.enqueue(
      identity.partition,
      { case: "submitted", value },
      {
        token,
        onRefused: (error) => {
          this.#waiting.delete(token);
          admission.left(ticket, false);
          onRefused(error);
        },
      },
    );
  }

  #latch(runId: string, resolve: (outcome: Outcome) => void, gone?: Gone): void {
    if (gone?.aborted === true) return;
    const remove = this.#latches.add(runId, (invocation, output) => {
      resolve(outcomeOf(invocation, output));
    });
    gone?.addEventListener("abort", remove);
  }

  #look<Found>(
    ref: InvocationRef,
    found: (runId: string, invocation: Invocation, resolve: (value: Found) => void) => void,
  ): Promise<Found | undefined> {
    const id = idOf(ref);
    const shard = this.#options.shard();
    return new Promise((resolve) => {
      shard.whenPartitionDurable(partitionOfInvocationId(id), () => {
        const { tables, runId } = this.#find(id);
        const invocation = runId === undefined ? undefined : tables.invocations.get(runId);
        if (runId === undefined || invocation === undefined) return resolve(undefined);
        found(runId, invocation, resolve);
      });
    });
  }

  #find(id: string): { tables: ReturnType<Shard["tables"]>; runId: string | undefined } {
    const tables = this.#options.shard().tables(partitionOfInvocationId(id));
    return { tables, runId: findRun(tables, id) };
  }

  #failure(runId: string, invocation: Invocation): Failure | undefined {
    if (invocation.status === InvocationStatus.COMPLETED) {
      const outcome = this.#outcome(runId, invocation);
      return outcome.kind === "failure" ? outcome.failure : undefined;
    }
    if (invocation.lastFailure === undefined || invocation.retryCount === 0) return undefined;
    const { code, message } = invocation.lastFailure;
    return create(FailureSchema, { code, message });
  }

  #outcome(runId: string, invocation: Invocation): Outcome {
    const tables = this.#options.shard().tables(partitionOfInvocationId(invocation.id));
    return outcomeOf(invocation, readOutput(tables, runId, invocation));
  }
}

/** The id that a reference stands for. */
export function idOf(ref: InvocationRef): string {
  switch (ref.kind) {
    case "id":
      return ref.invocationId;
    case "workflow": {
      const handler = { name: "run", kind: HandlerKind.RUN };
      const { workflow: service, key, scope } = ref;
      return identify({ service, handler, key, idempotencyKey: undefined, scope }, 0).id;
    }
    case "idempotent": {
      const { service, key, idempotencyKey, scope } = ref;
      const handler = { name: ref.handler, kind: HandlerKind.SHARED };
      return identify({ service, handler, key, idempotencyKey, scope }, 0).id;
    }
  }
}

/** The facts about a target that go into an event. */
export function resolveTarget(
  service: Service,
  handler: Handler,
  { key, scope, limitKey }: Pick<SubmitRequest, "key" | "scope" | "limitKey">,
  idempotent: boolean,
  retention: RetentionDefaults,
): ResolvedTarget {
  const target: Target = {
    $typeName: "perdure.protocol.v1.Target",
    service: service.name,
    handler: handler.name,
  };
  if (key !== undefined) target.key = key;
  if (scope !== undefined) target.scope = scope;
  if (limitKey !== undefined) target.limitKey = limitKey;
  return {
    $typeName: "perdure.storage.v1.ResolvedTarget",
    target,
    serviceKind: service.kind,
    handlerKind: handler.kind,
    ...retentionOf(service, handler, idempotent, retention),
  };
}

function stageOf(status: InvocationStatus): Stage["stage"] {
  switch (status) {
    case InvocationStatus.SCHEDULED:
    case InvocationStatus.INBOXED:
      return "created";
    case InvocationStatus.COMPLETED:
      return "completed";
    default:
      return "started";
  }
}

function outcomeOf(invocation: Invocation, output: OutputResult): Outcome {
  const { id, target, idempotencyKey, handlerKind } = invocation;
  const named = idempotencyKey !== "" || handlerKind === HandlerKind.RUN;
  // Before its end `dueAt` is when it starts, or is tried again.
  const kept = named && invocation.status === InvocationStatus.COMPLETED && invocation.dueAt > 0;
  const about = {
    invocationId: id,
    service: target?.service ?? "",
    handler: target?.handler ?? "",
    retainedUntilMs: kept ? invocation.dueAt : undefined,
  };
  if (output.case === "failure") return { kind: "failure", failure: output.value, ...about };
  invariant(output.case === "value", "an output is a value or a failure");
  const { content } = output.value;
  invariant(content.case !== "reference", "payload references are resolved by the store");
  return { kind: "value", value: content.value ?? new Uint8Array(), ...about };
}
