// Invocations of all workers, for the ingress of one: what another runs is asked of it.

import { partitionOfInvocationId } from "@perdure/protocol/ids";
import { idOf } from "../shard/callers.js";
import { identifiedPartition } from "../shard/identity.js";
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
import { sentSubmission, type PeerLink } from "./peer.js";
import type { Routing } from "./routing.js";

export class RoutedInvocations implements Invocations {
  readonly #here: Invocations;
  readonly #routing: Routing;

  constructor(here: Invocations, routing: Routing) {
    this.#here = here;
    this.#routing = routing;
  }

  /** The other worker is asked again when it gets the submission. */
  admit(mode: "call" | "send", service: string): void {
    this.#here.admit(mode, service);
  }

  submit(request: SubmitRequest): Promise<Submitted> {
    const link = this.#linkOfSubmission(request);
    if (link === undefined) return this.#here.submit(request);
    return link.call("submit", sentSubmission(request));
  }

  call(request: SubmitRequest, gone?: Gone): Promise<Outcome> {
    const link = this.#linkOfSubmission(request);
    if (link === undefined) return this.#here.call(request, gone);
    return link.call("call", sentSubmission(request), gone);
  }

  attach(ref: InvocationRef, gone?: Gone): Promise<Outcome | undefined> {
    const link = this.#linkOf(ref);
    return link === undefined ? this.#here.attach(ref, gone) : link.call("attach", ref, gone);
  }

  output(ref: InvocationRef): Promise<Outcome | "notReady" | undefined> {
    const link = this.#linkOf(ref);
    return link === undefined ? this.#here.output(ref) : link.call("output", ref);
  }

  status(ref: InvocationRef): Promise<Stage | undefined> {
    const link = this.#linkOf(ref);
    return link === undefined ? this.#here.status(ref) : link.call("status", ref);
  }

  signal(invocationId: string, signalId: number, result: SignalResult): Promise<void> {
    const link = this.#routing.linkOf(partitionOfInvocationId(invocationId));
    if (link === undefined) return this.#here.signal(invocationId, signalId, result);
    return link.call("signal", { invocationId, signalId, result });
  }

  idOf(ref: InvocationRef): string {
    return idOf(ref);
  }

  #linkOf(ref: InvocationRef): PeerLink | undefined {
    return this.#routing.linkOf(partitionOfInvocationId(idOf(ref)));
  }

  #linkOfSubmission(request: SubmitRequest): PeerLink | undefined {
    const { service, handler, key, idempotencyKey, scope } = request;
    const of = { service: service.service.name, handler, key, idempotencyKey, scope };
    const partition = identifiedPartition(of);
    return partition === undefined ? undefined : this.#routing.linkOf(partition);
  }
}
