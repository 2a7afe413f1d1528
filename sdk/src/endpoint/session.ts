// One session, as the endpoint sees it: frames of a message go to their attempts, what attempts say is gathered
// and goes out at the end of the turn as one message.

import { create } from "@bufbuild/protobuf";
import {
  DeploymentFrameSchema,
  type DeploymentFrame,
  type Fragment,
  type ServerFrame,
  type SessionRequest,
  type Start,
} from "@perdure/proto/protocol/v1/deployment";
import type { Entry } from "@perdure/proto/protocol/v1/journal";
import {
  creditsFeature,
  earlyResults,
  fragmentsFeature,
  sessionFeatures,
} from "@perdure/protocol/features";
import { FrameAssembler } from "@perdure/protocol/frame-assembler";
import { messageBytesTaken, wholeMessageBytesTaken } from "@perdure/protocol/frame-limits";
import { FrameSender } from "@perdure/protocol/frame-sender";
import { deploymentFrameBytes } from "@perdure/protocol/frame-size";
import { creditOf, fragmentOf } from "@perdure/protocol/messages";
import { decodeServerFrame, encodeDeploymentFrame } from "@perdure/protocol/session-messages";
import type { Attempt } from "../attempt/attempt.js";
import { failFrameTooLarge, failFrameUnwritable, frameBytesTaken } from "./failing-frames.js";
import { helloOf } from "./hello.js";
import { atEndOfTurn } from "./macrotask.js";
import { MessageQueue } from "./message-queue.js";
import { startAttempt, type AttemptEnvironment, type Starting } from "./start-attempt.js";

export interface SessionOptions extends AttemptEnvironment {
  readonly instanceId: string;
  readonly buildId: string;
  /** What is said in Hello of how frames travel. Tests say less. */
  readonly features?: readonly string[];
  /** The largest frame that is taken. */
  readonly frameBytesMax?: number;
}

/** Where the messages of a session go. */
export interface SessionOutput {
  /** Takes a message. False: nothing more until `drained` is called. */
  write(frames: DeploymentFrame[]): boolean;
  /** There is nothing more to write. */
  end(): void;
}

/** Turns that what attempts have said may wait for what they say next. */
const turnsWaitedMax = 3;

export class EndpointSession {
  readonly #options: SessionOptions;
  readonly #features: readonly string[];
  readonly #queue: FrameSender<DeploymentFrame>;
  readonly #assembler: FrameAssembler;
  readonly #attempts = new Map<number, Attempt>();
  /** Those whose entries have not all come. */
  readonly #starting = new Map<number, Starting>();
  #touched = new Set<Attempt>();
  #outgoing: DeploymentFrame[] = [];
  #scheduled = false;
  /** Turns that what is outgoing has waited. */
  #turnsWaited = 0;
  #earlyResults = false;
  #messageBytesTaken = messageBytesTaken;
  /** Up to here the server's log is durable, as far as we were told. */
  #durablePosition = 0n;
  /** Attempts that were begun before what they began with was durable, in order. */
  #gated: { readonly position: bigint; readonly attempt: Attempt }[] = [];
  #output: SessionOutput | undefined;
  /** Nothing more is said: once all has gone, the output ends. */
  #ending = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#features = options.features ?? sessionFeatures;
    this.#queue = new FrameSender<DeploymentFrame>({
      write: (frames) => this.#write(frames),
      bytesOf: measured,
      encode: (frame) => [this.#encoded(frame)],
      fragment: (of, data, last) => ({ ...of, frame: fragmentOf(data, last) }),
    });
    this.#assembler = new FrameAssembler({
      frameBytesMax: options.frameBytesMax ?? frameBytesTaken,
      grant: (streamId, bytes) => {
        this.#grant(streamId, bytes);
      },
    });
  }

  /** The stream is there: says Hello. */
  open(output: SessionOutput): void {
    this.#output = output;
    const hello = helloOf(this.#options);
    const features = [...hello.features, ...this.#features];
    this.#say({ case: "hello", value: { ...hello, features } });
    this.#flush();
  }

  /**
   * What a message of the server brought.
   * @throws GrpcFramingError  the server does not keep to what was agreed on
   */
  receive(frames: readonly ServerFrame[]): void {
    for (const frame of frames) this.#receive(frame);
  }

  /** The output takes more. */
  drained(): void {
    this.#queue.drained();
    this.#endIfDone();
  }

  /**
   * The server's side of the stream has ended.
   * @param error  why, unless it ended as it should
   */
  end(error?: Error): void {
    // The connection is gone; the server starts the attempts anew on another session.
    this.#dropAll();
    this.#ending = true;
    if (error === undefined) return this.#flush();
    this.#options.logger.debug(`session ended: ${String(error)}`);
    // Nobody grants what is left the credit that it waits for; and a server that is still there has to learn of it.
    this.#output?.end();
    this.#output = undefined;
  }

  /** The stream as iterables: takes what the server sends until it ends, gives what goes back. */
  async *run(
    requests: AsyncIterable<SessionRequest>,
  ): AsyncGenerator<{ frames: DeploymentFrame[] }> {
    const messages = new MessageQueue(() => {
      this.drained();
    });
    this.open({
      write: (frames) => {
        // They are made into bytes elsewhere, where a frame that can't be would end the stream.
        for (const frame of frames) encodeDeploymentFrame(frame);
        return messages.write(frames);
      },
      end: () => {
        messages.end();
      },
    });
    // Ends when the server's side of the stream does, which may be after ours.
    void this.#read(requests);
    yield* messages;
  }

  /** No new attempts; those that run may go on until the process ends. */
  drain(): void {
    this.#say({
      case: "draining",
      value: { $typeName: "perdure.protocol.v1.Draining" },
    });
  }

  /** The largest message that is taken, by what is known of the server. */
  get messageBytesTaken(): number {
    return this.#messageBytesTaken;
  }

  /** Attempts that compute: those that only wait have nothing to lose. */
  get running(): number {
    return [...this.#attempts.values()].filter((attempt) => !attempt.waiting).length;
  }

  /** Ends the stream. What attempts have said still goes out; those that are not over are dropped. */
  close(): void {
    this.#turnsWaited = turnsWaitedMax;
    this.#endOfTurn();
    this.#dropAll();
    this.#ending = true;
    this.#flush();
  }

  async #read(requests: AsyncIterable<SessionRequest>): Promise<void> {
    try {
      for await (const { frames } of requests) this.receive(frames);
      this.end();
    } catch (error) {
      this.end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #dropAll(): void {
    for (const attempt of this.#attempts.values()) attempt.drop();
  }

  #receive(received: ServerFrame): void {
    const { frame, streamId } = received;
    switch (frame.case) {
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
        return this.#dropped(received);
      case "hello":
        return this.#agree(frame.value.features);
      case "fragment":
        return this.#put(received, frame.value);
      case "credit":
        this.#queue.credit(streamId, Number(frame.value.bytes));
        return this.#endIfDone();
      case "ping":
        return this.#say({
          case: "pong",
          value: { $typeName: "perdure.protocol.v1.Pong", nonce: frame.value.nonce },
        });
      default:
        return;
    }
  }

  #agree(theirs: readonly string[]): void {
    this.#earlyResults = theirs.includes(earlyResults);
    const features = theirs.filter((feature) => this.#features.includes(feature));
    if (!features.includes(fragmentsFeature)) this.#messageBytesTaken = wholeMessageBytesTaken;
    this.#queue.allow(features);
    this.#assembler.limit(features.includes(creditsFeature));
  }

  /** The server wants to hear no more of an attempt, also where it is over here. */
  #dropped(received: ServerFrame): void {
    const { streamId } = received;
    const attempt = this.#attemptOf(received);
    // Told to an earlier attempt of this stream id.
    if (attempt === undefined && this.#attempts.has(streamId)) return;
    this.#starting.delete(streamId);
    attempt?.drop();
    this.#assembler.forget(streamId);
    this.#queue.forget(streamId);
    // What it said in this turn: a large frame would wait for credit for ever, and hold up those of others.
    this.#outgoing = this.#outgoing.filter((frame) => frame.streamId !== streamId);
  }

  #put(received: ServerFrame, { data, last }: Fragment): void {
    const { streamId } = received;
    const assembled = this.#assembler.take(streamId, data, last);
    if (assembled?.kind === "frame") return this.#receive(decodeServerFrame(assembled.bytes));
    if (assembled === undefined) return;
    this.#starting.delete(streamId);
    this.#attemptOf(received)?.drop();
    if (received.attempt === undefined) return;
    this.#outgoing.push(failFrameTooLarge(streamId, received.attempt, assembled.bytes));
    this.#schedule();
  }

  #grant(streamId: number, bytes: number): void {
    const $typeName = "perdure.protocol.v1.DeploymentFrame";
    // Not behind what waits for credit itself.
    this.#queue.push({ $typeName, streamId, frame: creditOf(bytes) }, 0);
    this.#schedule();
  }

  #attemptOf({
    streamId,
    attempt,
  }: Pick<ServerFrame, "streamId" | "attempt">): Attempt | undefined {
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
        this.#assembler.refuse(streamId);
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
    for (const frame of frames) {
      this.#queue.push(frame);
      const { case: said } = frame.frame;
      if (said === "end" || said === "failed") this.#queue.finish(frame.streamId);
    }
    this.#flush();
  }

  /** One attempt's frame that can't be written is nothing to the others that share its message. */
  #write(frames: DeploymentFrame[]): boolean {
    if (this.#output === undefined) return true;
    try {
      return this.#output.write(frames);
    } catch (error) {
      const writable = this.#allWritable(frames);
      // It was not the frames.
      if (writable === undefined) throw error;
      return this.#output.write(writable);
    }
  }

  /** The frames, without what an attempt says behind one that can't be written; undefined where there is no such one. */
  #allWritable(frames: readonly DeploymentFrame[]): DeploymentFrame[] | undefined {
    const failed = new Set<number>();
    const writable: DeploymentFrame[] = [];
    for (const frame of frames) {
      const { streamId } = frame;
      if (failed.has(streamId)) continue;
      const written = this.#writable(frame);
      writable.push(written);
      if (written === frame) continue;
      failed.add(streamId);
      this.#queue.forget(streamId);
      this.#outgoing = this.#outgoing.filter((outgoing) => outgoing.streamId !== streamId);
    }
    return failed.size === 0 ? undefined : writable;
  }

  /** The frame, or, where it can't be made into bytes, one in its place that says so. */
  #writable(frame: DeploymentFrame): DeploymentFrame {
    try {
      encodeDeploymentFrame(frame);
      return frame;
    } catch (error) {
      return this.#unwritable(frame, error);
    }
  }

  /** A copy: what user code gave, it may change. */
  #encoded(frame: DeploymentFrame): Uint8Array {
    try {
      return encodeDeploymentFrame(frame);
    } catch (error) {
      return encodeDeploymentFrame(this.#unwritable(frame, error));
    }
  }

  /** The attempt has failed with it. */
  #unwritable({ streamId, attempt }: DeploymentFrame, error: unknown): DeploymentFrame {
    if (attempt === undefined) throw error;
    this.#options.logger.error(`PDR2030: a frame could not be written: ${String(error)}`);
    this.#attemptOf({ streamId, attempt })?.drop();
    return failFrameUnwritable(streamId, attempt, error);
  }

  #flush(): void {
    try {
      this.#queue.flush();
    } catch (error) {
      // What can't be written is lost, and the stream with it: the server starts the attempts anew.
      this.#options.logger.error(`a session could not be written: ${String(error)}`);
      this.#dropAll();
      this.#output?.end();
      this.#output = undefined;
    }
    this.#endIfDone();
  }

  #endIfDone(): void {
    if (!this.#ending || !this.#queue.isEmpty) return;
    this.#output?.end();
    this.#output = undefined;
  }

  #say(frame: DeploymentFrame["frame"]): void {
    this.#queue.push(create(DeploymentFrameSchema, { frame }));
    this.#schedule();
  }
}

/** What can't be measured goes out with the next message: writing it says why. */
function measured(frame: DeploymentFrame): number {
  try {
    const bytes = deploymentFrameBytes(frame);
    return Number.isNaN(bytes) ? 0 : bytes;
  } catch {
    return 0;
  }
}
