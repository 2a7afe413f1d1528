// An ingress to test against: three registered services and an engine in memory that runs handlers
// of the test's own as soon as they are submitted.

import { createHash } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ServiceSchema } from "@perdure/proto/manifest/v1/manifest";
import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import { FailureSchema } from "@perdure/proto/protocol/v1/journal";
import { DeploymentSchema } from "@perdure/proto/storage/v1/records";
import { invocationIdOf } from "@perdure/protocol/ids";
import type { Port } from "../http/port.js";
import { createRegistryView } from "../shard/registry-view.js";
import type { RegistryView } from "../shard/registry-view.js";
import type {
  Gone,
  InvocationRef,
  Invocations,
  Outcome,
  SignalResult,
  Stage,
  Submitted,
  SubmitRequest,
} from "../shard/invocations.js";
import { startIngress } from "./start-ingress.js";
import type { IngressOptions } from "./start-ingress.js";

const jsonRule = { required: false, contentType: "application/json", jsonSchema: "" };
const json = { input: jsonRule, output: { contentType: "application/json" } };

const services: MessageInitShape<typeof ServiceSchema>[] = [
  {
    name: "Greeter",
    kind: ServiceKind.SERVICE,
    handlers: [
      { name: "greet", kind: HandlerKind.SHARED, ...json },
      { name: "anything", kind: HandlerKind.SHARED },
      { name: "nothing", kind: HandlerKind.SHARED, input: {}, output: {} },
      {
        name: "strict",
        kind: HandlerKind.SHARED,
        input: { required: true, contentType: "application/json", jsonSchema: "{}" },
        output: { contentType: "application/json", setContentTypeIfEmpty: true },
      },
      {
        name: "image",
        kind: HandlerKind.SHARED,
        input: { required: true, contentType: "image/*" },
        output: { contentType: "image/png" },
      },
      { name: "hidden", kind: HandlerKind.SHARED, options: { ingressPrivate: true } },
    ],
  },
  {
    name: "Counter",
    kind: ServiceKind.VIRTUAL_OBJECT,
    handlers: [
      { name: "add", kind: HandlerKind.EXCLUSIVE, ...json },
      { name: "get", kind: HandlerKind.SHARED, ...json },
    ],
  },
  {
    name: "Signup",
    kind: ServiceKind.WORKFLOW,
    handlers: [
      { name: "run", kind: HandlerKind.RUN, ...json },
      { name: "click", kind: HandlerKind.SHARED, ...json },
    ],
  },
];

export const testDeployment = create(DeploymentSchema, {
  id: "dp_10000000000000000000001",
  uri: "http://127.0.0.1:9080/",
  createdAt: Date.UTC(2026, 0, 2, 3, 4, 5),
  minProtocolVersion: 1,
  maxProtocolVersion: 1,
  sdkVersion: "perdure-sdk/0.1.0",
  manifest: { services },
  revisions: { Greeter: 1, Counter: 1, Signup: 2 },
});

/** What a handler of the test makes of a request. */
export type TestHandler = (request: SubmitRequest) => Promise<Uint8Array>;

/** A failure that a handler throws on purpose. */
export class TestFailure extends Error {
  readonly code: number;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(code: number, message: string, metadata: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.metadata = metadata;
  }
}

export class MemoryInvocations implements Invocations {
  /** Answers every request; by default with what it got. */
  handler: TestHandler = ({ parameter }) => Promise.resolve(parameter);
  /** Thrown instead of accepting anything. */
  refusal: Error | undefined;
  readonly submitted: SubmitRequest[] = [];
  readonly signals: { invocationId: string; signalId: number; result: SignalResult }[] = [];
  /** Signals that were aborted while somebody waited. */
  aborted = 0;
  #onAborted: (() => void) | undefined;
  readonly #outcomes = new Map<string, Promise<Outcome>>();
  readonly #finished = new Map<string, Outcome>();
  /** Those that wait for their time, which never comes. */
  readonly #scheduled = new Set<string>();

  admit(): void {
    if (this.refusal !== undefined) throw this.refusal;
  }

  async submit(request: SubmitRequest): Promise<Submitted> {
    if (this.refusal !== undefined) throw this.refusal;
    const invocationId = this.idOf(refOf(request, this.submitted.length));
    const executionTimeMs =
      request.delayMs === 0 ? undefined : Date.UTC(2026, 0, 1) + request.delayMs;
    if (this.#outcomes.has(invocationId)) {
      return { invocationId, accepted: false, executionTimeMs: undefined };
    }
    this.submitted.push(request);
    if (request.delayMs > 0) this.#scheduled.add(invocationId);
    const outcome =
      request.delayMs > 0 ? new Promise<Outcome>(() => {}) : this.#run(invocationId, request);
    this.#outcomes.set(invocationId, outcome);
    void outcome.then((value) => this.#finished.set(invocationId, value));
    return { invocationId, accepted: true, executionTimeMs };
  }

  async call(request: SubmitRequest, gone?: Gone): Promise<Outcome> {
    const { invocationId, accepted } = await this.submit(request);
    if (!accepted && request.handler.kind === HandlerKind.RUN) {
      return failureOf(
        invocationId,
        request,
        new TestFailure(409, "the workflow method was already invoked"),
      );
    }
    return this.#wait(invocationId, gone);
  }

  async attach(ref: InvocationRef, gone?: Gone): Promise<Outcome | undefined> {
    const id = this.idOf(ref);
    return this.#outcomes.has(id) ? this.#wait(id, gone) : undefined;
  }

  async output(ref: InvocationRef): Promise<Outcome | "notReady" | undefined> {
    const id = this.idOf(ref);
    return this.#finished.get(id) ?? (this.#outcomes.has(id) ? "notReady" : undefined);
  }

  async status(ref: InvocationRef): Promise<Stage | undefined> {
    const invocationId = this.idOf(ref);
    if (!this.#outcomes.has(invocationId)) return undefined;
    const finished = this.#finished.get(invocationId);
    const failure = finished?.kind === "failure" ? finished.failure : undefined;
    const waiting = this.#scheduled.has(invocationId) ? "created" : "started";
    return { invocationId, stage: finished === undefined ? waiting : "completed", failure };
  }

  async signal(invocationId: string, signalId: number, result: SignalResult): Promise<void> {
    this.signals.push({ invocationId, signalId, result });
  }

  idOf(ref: InvocationRef): string {
    if (ref.kind === "id") return ref.invocationId;
    const { kind, ...parts } = ref;
    const hash = createHash("sha256")
      .update(JSON.stringify([kind, parts]))
      .digest("hex");
    // Hexadecimal digits are base62 digits; a zero in front keeps both numbers in range.
    return invocationIdOf(`0${hash.slice(0, 10)}`, `0${hash.slice(10, 31)}`);
  }

  /** Resolves at the next abort. */
  nextAbort(): Promise<void> {
    return new Promise((resolve) => {
      this.#onAborted = resolve;
    });
  }

  #wait(id: string, gone: Gone | undefined): Promise<Outcome> {
    const outcome = this.#outcomes.get(id);
    if (outcome === undefined) throw new Error(`unknown ${id}`);
    return new Promise((resolve, reject) => {
      // As the engine does: an aborted wait is forgotten, its promise stays open.
      gone?.addEventListener("abort", () => {
        this.aborted++;
        this.#onAborted?.();
      });
      outcome.then(resolve, reject);
    });
  }

  async #run(invocationId: string, request: SubmitRequest): Promise<Outcome> {
    try {
      const value = await this.handler(request);
      return { kind: "value", value, ...outcomeFacts(invocationId, request) };
    } catch (error) {
      if (error instanceof TestFailure) return failureOf(invocationId, request, error);
      throw error;
    }
  }
}

function outcomeFacts(invocationId: string, request: SubmitRequest): Omit<Outcome, "kind"> {
  const isKept = request.idempotencyKey !== undefined || request.handler.kind === HandlerKind.RUN;
  return {
    invocationId,
    service: request.service.service.name,
    handler: request.handler.name,
    retainedUntilMs: isKept ? Date.UTC(2026, 0, 2) : undefined,
  };
}

function failureOf(invocationId: string, request: SubmitRequest, error: TestFailure): Outcome {
  const metadata = Object.entries(error.metadata).map(([name, value]) => ({ name, value }));
  const failure = create(FailureSchema, { code: error.code, message: error.message, metadata });
  return { kind: "failure", failure, ...outcomeFacts(invocationId, request) };
}

function refOf(request: SubmitRequest, count: number): InvocationRef {
  const { service, handler, key, scope, idempotencyKey = `none-${count}` } = request;
  const { name } = service.service;
  if (handler.kind === HandlerKind.RUN) {
    return { kind: "workflow", workflow: name, key: key ?? "", scope };
  }
  return { kind: "idempotent", service: name, handler: handler.name, key, idempotencyKey, scope };
}

export interface TestIngress {
  readonly url: string;
  readonly port: Port;
  readonly invocations: MemoryInvocations;
  readonly view: RegistryView;
}

/** Opens an ingress on a free port. */
export async function openTestIngress(options: Partial<IngressOptions> = {}): Promise<TestIngress> {
  const invocations = new MemoryInvocations();
  const view = createRegistryView([testDeployment]);
  const port = await startIngress({
    invocations,
    watches: { watch: () => Promise.resolve(undefined) },
    registry: () => view,
    ready: () => true,
    host: "127.0.0.1",
    port: 0,
    ...options,
  });
  return { url: port.address.url, port, invocations, view };
}
