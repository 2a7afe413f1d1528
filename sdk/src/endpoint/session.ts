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
import { FrameQueue } from "@perdure/protocol/frame-queue";
import { protocolVersions } from "@perdure/protocol/versions";
import { Attempt } from "../attempt/attempt.js";
import type { ServiceModel } from "../definitions/model.js";
import type { Logger } from "../logger.js";
import { sdkVersion } from "../version.js";
import { failUnknownHandler, runHandler } from "./run-handler.js";

export interface SessionOptions {
  readonly services: ReadonlyMap<string, ServiceModel>;
  readonly logger: Logger;
  readonly instanceId: string;
  readonly buildId: string;
}

/** A Start whose entries have not all come. */
interface Starting {
  readonly frame: ServerFrame;
  readonly start: Start;
  readonly entries: Entry[];
}

export class EndpointSession {
  readonly #options: SessionOptions;
  readonly #queue = new FrameQueue<DeploymentFrame>();
  readonly #attempts = new Map<number, Attempt>();
  readonly #starting = new Map<number, Starting>();
  #touched = new Set<Attempt>();
  #outgoing: DeploymentFrame[] = [];
  #scheduled = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** The stream: takes what the server sends until it ends, gives what goes back. */
  async *run(
    requests: AsyncIterable<SessionRequest>,
  ): AsyncGenerator<{ frames: DeploymentFrame[] }> {
    // Ends when the server's side of the stream does, which may be after ours.
    void this.#read(requests);
    this.#say(this.#hello());
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

  #begin({ frame, start, entries }: Starting): void {
    const { streamId, attempt: number } = frame;
    if (number === undefined) return;
    const { services, logger } = this.#options;
    const service = services.get(start.target?.service ?? "");
    const handler = service?.handlers.get(start.target?.handler ?? "");
    const send = (outgoing: DeploymentFrame): void => {
      this.#outgoing.push(outgoing);
      this.#schedule();
    };
    if (service === undefined || handler === undefined) {
      send(failUnknownHandler(streamId, number, start));
      return;
    }
    const attempt = new Attempt({
      start,
      entries,
      streamId,
      number,
      service,
      handler,
      logger,
      send,
      touched: (touched) => {
        this.#touched.add(touched);
        this.#schedule();
      },
      ended: (ended) => {
        if (this.#attempts.get(streamId) === ended) this.#attempts.delete(streamId);
        this.#touched.delete(ended);
      },
    });
    this.#attempts.get(streamId)?.drop();
    this.#attempts.set(streamId, attempt);
    runHandler(attempt);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#endOfTurn();
    });
  }

  #endOfTurn(): void {
    this.#scheduled = false;
    const touched = this.#touched;
    this.#touched = new Set();
    for (const attempt of touched) attempt.endOfTurn();
    const frames = this.#outgoing;
    this.#outgoing = [];
    for (const frame of frames) this.#queue.push(frame);
  }

  #hello(): DeploymentFrame["frame"] {
    const { instanceId, buildId } = this.#options;
    return {
      case: "hello",
      value: {
        $typeName: "perdure.protocol.v1.Hello",
        minProtocolVersion: protocolVersions.min,
        maxProtocolVersion: protocolVersions.max,
        instanceId,
        buildId,
        capacity: 0,
        features: [],
        softwareVersion: sdkVersion,
      },
    };
  }

  #say(frame: DeploymentFrame["frame"]): void {
    this.#queue.push(create(DeploymentFrameSchema, { frame }));
  }
}
