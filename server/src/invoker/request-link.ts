// The way to a deployment that is asked request by request: each attempt is an Invoke, with the whole journal, and
// its frames come with the answer.
//   Q1. An attempt whose request got lost, or met a service that is away, is over without having failed.
//   Q2. While the service is away nothing is started. It is asked for its manifest, with back-off, until it
//       answers; then one attempt goes first, and the others when that one was answered.
//   Q3. Any other answer than frames fails the attempt, and names deployment and status.

import { create } from "@bufbuild/protobuf";
import type { Deployment as DeploymentRecord } from "@perdure/proto/storage/v1/records";
import {
  AttemptFailed_Behavior as Behavior,
  AttemptFailedSchema,
  Deployment,
  type DeploymentFrame,
  type Hello,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { FailureSchema } from "@perdure/proto/protocol/v1/journal";
import { errorMessage } from "@perdure/protocol/error-message";
import { deploymentFrameOf } from "@perdure/protocol/messages";
import { intervalMs } from "@perdure/protocol/retry";
import { commonVersion, protocolVersions } from "@perdure/protocol/versions";
import { CallError } from "../outbound/call-error.js";
import { DeploymentClient } from "../outbound/deployment-client.js";
import { awayIntervals, type Link, type LinkOptions, type OpenClient } from "./link.js";
import { serverHello } from "./server-hello.js";

export type RequestLinkOptions = Pick<
  LinkOptions,
  "listener" | "log" | "signer" | "guard" | "openClient"
>;

/** Of what an answer asks for. */
const retryAfterMsMax = 5 * 60_000;
const probeTimeoutMs = 10_000;
/** A single failure may be a connection that was closed while it was idle. */
const failuresBeforeWarning = 2;

export class RequestLink implements Link {
  readonly requestResponse = true;
  /** A request can't be told anything while it lasts. */
  readonly gated = false;
  readonly #options: RequestLinkOptions;
  readonly #underWay = new Map<number, AbortController>();
  #deployment: DeploymentRecord;
  #client: ReturnType<OpenClient>;
  /** In a row. */
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #probe: AbortController | undefined;
  #closed = false;

  constructor(deployment: DeploymentRecord, options: RequestLinkOptions) {
    this.#options = options;
    this.#deployment = deployment;
    this.#client = this.#connect();
  }

  get deployment(): DeploymentRecord {
    return this.#deployment;
  }

  get open(): boolean {
    if (this.#closed || this.#down) return false;
    return this.#failures === 0 || this.#underWay.size === 0;
  }

  get reachable(): boolean {
    return this.open;
  }

  /** Nothing to do: where it is down it comes back by itself. */
  ensure(): void {}

  update(deployment: DeploymentRecord): void {
    this.#deployment = deployment;
    this.#client.close();
    this.#client = this.#connect();
    // It may be elsewhere now: what was known of it is not.
    this.#failures = 0;
    this.#stopWaiting();
  }

  durable(): void {}

  send(frame: ServerFrame): void {
    switch (frame.frame.case) {
      case "start":
        void this.#invoke(frame, frame.frame.value.target?.key);
        return;
      case "drop":
      case "abort":
        this.#underWay.get(frame.streamId)?.abort();
        return;
      default:
        // The next request has the whole journal.
        return;
    }
  }

  /** Nothing to do: a request brings all that it has at once. */
  forget(): void {}

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopWaiting();
    for (const controller of this.#underWay.values()) controller.abort();
    this.#client.close();
    this.#options.listener.lost(this);
  }

  get #down(): boolean {
    return this.#retry !== undefined || this.#probe !== undefined;
  }

  #stopWaiting(): void {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    const probe = this.#probe;
    this.#probe = undefined;
    probe?.abort();
  }

  #connect(): ReturnType<OpenClient> {
    const { uri, additionalHeaders: headers, useHttp11 } = this.#deployment;
    const { signer, guard, openClient } = this.#options;
    const address = { uri, headers, useHttp11, signer, guard };
    return openClient?.(address) ?? new DeploymentClient(address);
  }

  async #invoke(start: ServerFrame, subject: string | undefined): Promise<void> {
    const { streamId } = start;
    const controller = new AbortController();
    this.#underWay.set(streamId, controller);
    const { signal } = controller;
    const request = { hello: serverHello(), frames: [start] };
    try {
      const { invoke } = Deployment.method;
      const response = await this.#client.call(invoke, request, { signal, subject });
      this.#underWay.delete(streamId);
      if (signal.aborted) return this.#givenUp();
      this.#answered();
      checkHello(response.hello);
      checkEnd(response.frames, streamId);
      this.#options.listener.frames(this, response.frames);
    } catch (error) {
      this.#underWay.delete(streamId);
      if (signal.aborted) return this.#givenUp();
      this.#failed(start, error);
    }
  }

  /** Whoever aborts an attempt knows that it is over. But others may have waited behind it (Q2). */
  #givenUp(): void {
    if (this.#failures > 0 && this.open) this.#options.listener.opened(this);
  }

  #answered(): void {
    if (this.#failures === 0) return;
    if (this.#failures >= failuresBeforeWarning) {
      this.#options.log.info(`deployment ${this.#deployment.uri} is reachable again`);
    }
    this.#failures = 0;
    this.#options.listener.opened(this);
  }

  #failed(start: ServerFrame, error: unknown): void {
    const { listener } = this.#options;
    if (error instanceof CallError && error.transient) {
      this.#away(error);
      listener.lost(this, [start.streamId]);
      return;
    }
    this.#answered();
    listener.frames(this, [failedFrame(start, this.#deployment, error)]);
  }

  /** Many attempts may meet the same failure: the first of them begins the wait. */
  #away(error: CallError): void {
    if (this.#down || this.#closed) return;
    this.#failures++;
    if (this.#failures === failuresBeforeWarning) {
      this.#options.log.warn(
        `deployment ${this.#deployment.uri} does not answer (${error.message}); its invocations wait and go on when it is back`,
      );
    }
    const asked = error.retryAfterMs ?? intervalMs(awayIntervals, this.#failures);
    const delayMs = Math.min(asked, retryAfterMsMax);
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.#isBack();
    }, delayMs);
  }

  async #isBack(): Promise<void> {
    const { min: minProtocolVersion, max: maxProtocolVersion } = protocolVersions;
    const probe = new AbortController();
    this.#probe = probe;
    const timeout = setTimeout(() => {
      probe.abort();
    }, probeTimeoutMs);
    let failure: unknown;
    try {
      const versions = { minProtocolVersion, maxProtocolVersion };
      await this.#client.call(Deployment.method.discover, versions, { signal: probe.signal });
    } catch (error) {
      failure = error;
    } finally {
      clearTimeout(timeout);
    }
    if (this.#probe !== probe) return;
    this.#probe = undefined;
    // Whatever else it says, it is there: what it says to attempts will be told.
    if (failure instanceof CallError && failure.transient) this.#away(failure);
    else this.#options.listener.opened(this);
  }
}

function failedFrame(
  { streamId, attempt }: ServerFrame,
  { uri, id }: DeploymentRecord,
  error: unknown,
): DeploymentFrame {
  const reason = errorMessage(error);
  const message = `PDR2040: deployment ${id} at ${uri} did not carry out a request: ${reason}`;
  const value = create(AttemptFailedSchema, {
    failure: create(FailureSchema, { code: 500, message }),
    behavior: Behavior.RETRY,
  });
  const number = attempt ?? {
    $typeName: "perdure.protocol.v1.AttemptNumber",
    epoch: 0,
    counter: 0,
  };
  return deploymentFrameOf(streamId, number, { case: "failed", value });
}

function checkHello(hello: Hello | undefined): void {
  const { minProtocolVersion: min = 0, maxProtocolVersion: max = 0 } = hello ?? {};
  if (hello === undefined || commonVersion(protocolVersions, { min, max }) !== undefined) return;
  throw new Error(`it now speaks protocol versions ${String(min)} to ${String(max)}`);
}

/** Else nobody would ever hear of the attempt again. */
function checkEnd(frames: readonly DeploymentFrame[], streamId: number): void {
  const { frame } = frames.findLast((each) => each.streamId === streamId) ?? {};
  if (frame?.case === "end" || frame?.case === "failed") return;
  if (frame?.case === "waiting" && frame.value.awaiting !== undefined) return;
  throw new Error("its answer does not say how the attempt ended");
}
