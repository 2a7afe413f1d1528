// A server of the test's own, in memory: starts attempts on an EndpointSession, tells them what happened,
// and keeps what they say. Nothing is timed: tests await what they expect.

import { create } from "@bufbuild/protobuf";
import {
  ServerFrameSchema,
  StartSchema,
  type AttemptNumber,
  type DeploymentFrame,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import type { Entry, Value } from "@perdure/proto/protocol/v1/journal";
import type { Definable } from "@perdure/protocol/definitions";
import { invocationIdOf } from "@perdure/protocol/ids";
import { drop, durableFrameOf } from "@perdure/protocol/messages";
import { FrameQueue } from "@perdure/protocol/frame-queue.fixture";
import type { WorkflowContext } from "../context/context.js";
import { workflow } from "../definitions/define.js";
import { handlers } from "../definitions/handlers.js";
import type { WorkflowHandlerOpts, WorkflowOptions } from "../definitions/options.js";
import type { LoggerTransport } from "../logger.js";
import { input, jsonValue } from "../replay/entries.fixture.js";
import type { EndpointOptions } from "./endpoint-options.js";
import { frameText } from "./frame-text.fixture.js";
import { resolveEndpoint } from "./resolve-endpoint.js";
import { EndpointSession } from "./session.js";

type FrameCase = NonNullable<DeploymentFrame["frame"]["case"]>;

/** The fields of Start that tests set, and who it is for. */
export interface StartOptions {
  readonly invocationId?: string;
  readonly entries?: Entry[];
  readonly knownEntries?: number;
  readonly state?: { readonly key: string; readonly value: Value }[];
  readonly partialState?: boolean;
  readonly randomSeed?: bigint;
  readonly retryCount?: number;
  readonly millisSinceProgress?: bigint;
  readonly idempotencyKey?: string;
  readonly attemptHeaders?: { readonly name: string; readonly value: string }[];
  /** "Service/handler" or "Service/key/handler". */
  readonly handler?: string;
  readonly scope?: string;
  readonly limitKey?: string;
  readonly number?: AttemptNumber;
  readonly streamId?: number;
  /** The log position that has to be durable before closures start. */
  readonly position?: bigint;
}

/** An invocation id that awakeable ids can be made of. */
export const invocationOfTests: string = invocationIdOf("0".repeat(11), "0".repeat(22));

/** One attempt, from the server's side. */
export class AttemptDriver {
  readonly streamId: number;
  readonly number: AttemptNumber;
  readonly frames: DeploymentFrame[] = [];
  readonly #send: (frame: ServerFrame) => void;
  #read = 0;
  #wake: (() => void) | undefined;

  constructor(streamId: number, number: AttemptNumber, send: (frame: ServerFrame) => void) {
    this.streamId = streamId;
    this.number = number;
    this.#send = send;
  }

  /** All that it has said. */
  get said(): string[] {
    return this.frames.map(frameText);
  }

  receive(frame: DeploymentFrame): void {
    this.frames.push(frame);
    this.#wake?.();
  }

  /** The next frame; waits for it. */
  async next(): Promise<DeploymentFrame> {
    for (;;) {
      const frame = this.frames[this.#read];
      if (frame !== undefined) {
        this.#read++;
        return frame;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** What it says up to and with the next frame of a kind. */
  async until(kind: FrameCase): Promise<string[]> {
    const said: string[] = [];
    for (;;) {
      const frame = await this.next();
      said.push(frameText(frame));
      if (frame.frame.case === kind) return said;
      if (frame.frame.case === "failed" || frame.frame.case === "end") {
        throw new Error(`the attempt is over; it said ${said.join("; ")}`);
      }
    }
  }

  send(frame: ServerFrame["frame"], number: AttemptNumber = this.number): void {
    this.#send(create(ServerFrameSchema, { streamId: this.streamId, attempt: number, frame }));
  }

  notify(index: number, entry: Entry): void {
    this.send({ case: "notify", value: { $typeName: "perdure.protocol.v1.Notify", index, entry } });
  }

  accept(index: number, completionId: number): void {
    const $typeName = "perdure.protocol.v1.ProposalAccepted";
    this.send({ case: "proposalAccepted", value: { $typeName, index, completionId } });
  }

  drop(): void {
    this.send(drop);
  }

  abort(): void {
    this.send({ case: "abort", value: { $typeName: "perdure.protocol.v1.Abort", reason: "test" } });
  }
}

export class SessionDriver {
  readonly session: EndpointSession;
  readonly log: string[] = [];
  /** Frames of no attempt: Hello, Pong, Draining. */
  readonly control: DeploymentFrame[] = [];
  /** Frames of attempts that the test does not know. */
  readonly stray: DeploymentFrame[] = [];
  readonly ended: Promise<void>;
  readonly #requests = new FrameQueue<ServerFrame>();
  readonly #attempts = new Map<number, AttemptDriver>();
  #lastStreamId = 0;

  constructor(
    services: readonly Definable[],
    options: Omit<Partial<EndpointOptions>, "services"> = {},
  ) {
    this.session = new EndpointSession({
      ...resolveEndpoint({ services, logger: this.#transport(), ...options }),
      instanceId: "instance",
      buildId: "build",
    });
    this.ended = this.#run();
  }

  start(options: StartOptions = {}): AttemptDriver {
    const { handler = "W/k/run", scope, limitKey, number, ...rest } = options;
    const { streamId = ++this.#lastStreamId, position = 0n, ...given } = rest;
    const attempt = new AttemptDriver(streamId, number ?? numberOf(1), (frame) => {
      this.send(frame);
    });
    this.#attempts.set(streamId, attempt);
    const entries = given.entries ?? [input()];
    const start = create(StartSchema, {
      invocationId: "inv_1test",
      target: {
        ...targetOf(handler),
        ...(scope === undefined ? {} : { scope }),
        ...(limitKey === undefined ? {} : { limitKey }),
      },
      randomSeed: 42n,
      knownEntries: entries.length,
      ...given,
      entries,
    });
    const frame = { case: "start" as const, value: start };
    this.send(create(ServerFrameSchema, { streamId, attempt: attempt.number, position, frame }));
    return attempt;
  }

  send(frame: ServerFrame): void {
    this.#requests.push(frame);
  }

  /** The server says what it can do, beside the rest of its Hello. */
  hello(...features: string[]): void {
    this.send(create(ServerFrameSchema, { frame: { case: "hello", value: { features } } }));
  }

  durable(position: bigint): void {
    this.send(durableFrameOf(position));
  }

  /** Ends the stream from the server's side. */
  close(): void {
    this.#requests.close();
  }

  #transport(): LoggerTransport {
    return ({ level, replaying, context }, message) => {
      if (replaying) return;
      const about =
        context === undefined ? "" : `${context.invocationTarget} ${context.invocationId}: `;
      this.log.push(`${level} ${about}${String(message)}`);
    };
  }

  async #run(): Promise<void> {
    for await (const { frames } of this.session.run(this.#sessionRequests())) {
      for (const frame of frames) {
        if (frame.streamId === 0) this.control.push(frame);
        else (this.#attempts.get(frame.streamId) ?? this).receive(frame);
      }
    }
  }

  receive(frame: DeploymentFrame): void {
    this.stray.push(frame);
  }

  async *#sessionRequests() {
    for await (const { frames } of this.#requests) {
      yield { $typeName: "perdure.protocol.v1.SessionRequest" as const, frames };
    }
  }
}

export type Code = (context: WorkflowContext, input: any) => Promise<unknown>;

export interface CodeOptions extends StartOptions {
  /** The journal after the input. */
  readonly journal?: readonly Entry[];
  readonly input?: unknown;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly options?: WorkflowHandlerOpts<any, any>;
  readonly serviceOptions?: WorkflowOptions;
  /** Of the endpoint. */
  readonly endpoint?: Omit<Partial<EndpointOptions>, "services">;
}

/** A session whose one handler is this code: `run` of the workflow W. */
export function sessionOf(code: Code, options: CodeOptions = {}): SessionDriver {
  const run = handlers.workflow.workflow(options.options ?? {}, code);
  return new SessionDriver(
    [workflow({ name: "W", handlers: { run }, options: options.serviceOptions ?? {} })],
    options.endpoint,
  );
}

/** An attempt to run this code. Every kind of context is the same object, and a workflow's shows all of it. */
export function attempt(code: Code, options: CodeOptions = {}): AttemptDriver {
  return sessionOf(code, options).start(startOf(options));
}

/** The Start of an attempt with these options. */
export function startOf(options: CodeOptions): StartOptions {
  const {
    journal = [],
    input: given,
    values = {},
    options: _,
    serviceOptions: __,
    endpoint: ___,
    ...start
  } = options;
  const state = Object.entries(values).map(([key, value]) => ({ key, value: jsonValue(value) }));
  return { state, entries: [input(given), ...journal], ...start };
}

export function numberOf(counter: number, epoch = 1): AttemptNumber {
  return { $typeName: "perdure.protocol.v1.AttemptNumber", epoch, counter };
}

/** Lets the event loop turn: whatever was due has happened. For tests that something does not happen. */
export async function turns(count = 5): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** Opens when the test says so. */
export interface Latch {
  readonly opened: Promise<void>;
  open(): void;
}

export function latch(): Latch {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return {
    opened,
    open: () => {
      open();
    },
  };
}

function targetOf(text: string): { service: string; handler: string; key?: string } {
  const [service = "", ...rest] = text.split("/");
  const handler = rest.pop() ?? "";
  return rest.length === 0 ? { service, handler } : { service, handler, key: rest.join("/") };
}
