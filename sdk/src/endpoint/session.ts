// One session, as the endpoint sees it: frames of a message go to their attempts, what attempts say is gathered
// and goes out at the end of the turn as one message.

import { create } from "@bufbuild/protobuf";
import {
  DeploymentFrameSchema,
  type DeploymentFrame,
  type ServerFrame,
  type SessionRequest,
  type Start,
} from "@perdure/proto/protocol/v1/deployment";
import type { Entry } from "@perdure/proto/protocol/v1/journal";
import { earlyResults } from "@perdure/protocol/features";
import { FrameQueue } from "@perdure/protocol/frame-queue";
import type { Attempt } from "../attempt/attempt.js";
import { helloOf } from "./hello.js";
import { atEndOfTurn } from "./macrotask.js";
import { startAttempt, type AttemptEnvironment, type Starting } from "./start-attempt.js";

export interface SessionOptions extends AttemptEnvironment {
  readonly instanceId: string;
  readonly buildId: string;
}

/** Turns that what attempts have said may wait for what they say next. */
const turnsWaitedMax = 3;

export class EndpointSession {
  readonly #options: SessionOptions;
  readonly #queue = new FrameQueue<DeploymentFrame>();
  readonly #attempts = new Map<number, Attempt>();
  /** Those whose entries have not all come. */
  readonly #starting = new Map<number, Starting>();
  #touched = new Set<Attempt>();
  #outgoing: DeploymentFrame[] = [];
  #scheduled = false;
  /** Turns that what is outgoing has waited. */
  #turnsWaited = 0;
  #earlyResults = false;
  /** Up to here the server's log is durable, as far as we were told. */
  #durablePosition = 0n;
  /** Attempts that were begun before what they began with was durable, in order. */
  #gated: { readonly position: bigint; readonly attempt: Attempt }[] = [];

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** The stream: takes what the server sends until it ends, gives what goes back. */
  async *run(
    requests: AsyncIterable<SessionRequest>,
  ): AsyncGenerator<{ frames: DeploymentFrame[] }> {
    // Ends when the server's side of the stream does, which may be after ours.
    void this.#read(requests);
    this.#say({ case: "hello", value: helloOf(this.#options) });
    yield* this.#queue;
  }

  /** No new attempts; those that run may go on until the process ends. */
  drain(): void {
    this.#say({
      case: "draining",
      value: { $typeName: "perdure.protocol.v1.Draining" },
    });
  }

  /** Attempts that compute: those that only wait have nothing to lose. */
  get running(): number {
    return [...this.#attempts.values()].filter((attempt) => !attempt.waiting).length;
  }

  /** Ends the stream. What attempts have said still goes out; those that are not over are dropped. */
  close(): void {
    this.#turnsWaited = turnsWaitedMax;
    this.#endOfTurn();
    this.#queue.close();
    this.#dropAll();
  }

  async #read(requests: AsyncIterable<SessionRequest>): Promise<void> {
    try {
      for await (const { frames } of requests) {
        for (const frame of frames) this.#receive(frame);
      }
    } catch (error) {
      // The connection is gone; the server starts the attempts anew on another session.
      this.#options.logger.debug(`session ended: ${String(error)}`);
    } finally {
      this.#dropAll();
      this.#queue.close();
    }
  }

  #dropAll(): void {
    for (const attempt of this.#attempts.values()) attempt.drop();
  }

  #receive(received: ServerFrame): void {
    const { frame, streamId } = received;
    switch (frame.case) {
      case "hello":
        this.#earlyResults = frame.value.features.includes(earlyResults);
        return;
      case "start":
        return this.#start(received, frame.value);
      case "startEntries":
        return this.#startEntries(streamId, frame.value.entries);
      case "notify":
        if (frame.value.entry !== undefined) {
          this.#attemptOf(received)?.notified(frame.value.index, frame.value.entry);
        }
        return;
      case "proposalAccepted":
        this.#attemptOf(received)?.accepted(frame.value.index, frame.value.completionId);
        return;
      case "durable":
        return this.#durable(frame.value.position);
      case "drop":
      case "abort":
        this.#starting.delete(streamId);
        this.#attemptOf(received)?.drop();
        return;
      case "ping":
        return this.#say({
          case: "pong",
          value: { $typeName: "perdure.protocol.v1.Pong", nonce: frame.value.nonce },
        });
      default:
        return;
    }
  }

  #attemptOf({ streamId, attempt }: ServerFrame): Attempt | undefined {
    const found = this.#attempts.get(streamId);
    const number = found?.options.number;
    if (number?.epoch !== attempt?.epoch || number?.counter !== attempt?.counter) return undefined;
    return found;
  }

  #start(frame: ServerFrame, start: Start): void {
    const starting = { frame, start, entries: start.entries };
    if (starting.entries.length >= start.knownEntries) return this.#begin(starting);
    this.#starting.set(frame.streamId, starting);
  }

  #startEntries(streamId: number, entries: readonly Entry[]): void {
    const starting = this.#starting.get(streamId);
    if (starting === undefined) return;
    starting.entries.push(...entries);
    if (starting.entries.length < starting.start.knownEntries) return;
    this.#starting.delete(streamId);
    this.#begin(starting);
  }

  #begin(starting: Starting): void {
    const { streamId, position } = starting.frame;
    const gateOpen = position <= this.#durablePosition;
    const started = startAttempt(starting, this.#options, {
      requestResponse: false,
      earlyResults: this.#earlyResults,
      gateOpen,
      send: (outgoing) => {
        this.#outgoing.push(outgoing);
        this.#schedule();
      },
      touched: (touched) => {
        this.#touched.add(touched);
        this.#schedule();
      },
      ended: (ended) => {
        if (this.#attempts.get(streamId) === ended) this.#attempts.delete(streamId);
        this.#touched.delete(ended);
      },
    });
    if (started === undefined) return;
    this.#attempts.get(streamId)?.drop();
    this.#attempts.set(streamId, started.attempt);
    if (!gateOpen) this.#gated.push({ position, attempt: started.attempt });
    started.begin();
  }

  #durable(position: bigint): void {
    this.#durablePosition = position;
    const opened = this.#gated.filter((gated) => gated.position <= position);
    if (opened.length === 0) return;
    this.#gated = this.#gated.filter((gated) => gated.position > position);
    for (const { attempt } of opened) attempt.openGate();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    atEndOfTurn(() => {
      this.#endOfTurn();
    });
  }

  #endOfTurn(): void {
    this.#scheduled = false;
    const touched = this.#touched;
    this.#touched = new Set();
    for (const attempt of touched) attempt.endOfTurn();
    // Code reacts to what it was just shown: what it says goes along.
    if (this.#scheduled && this.#turnsWaited < turnsWaitedMax) {
      this.#turnsWaited++;
      return;
    }
    this.#turnsWaited = 0;
    const frames = this.#outgoing;
    this.#outgoing = [];
    for (const frame of frames) this.#queue.push(frame);
  }

  #say(frame: DeploymentFrame["frame"]): void {
    this.#queue.push(create(DeploymentFrameSchema, { frame }));
  }
}
