// A connection between two workers: calls with answers, and messages without. What is said in one turn of promises
// travels as one frame: its length in 4 bytes, then what v8 makes of the list of messages.
//   K1. What one side says arrives in the order in which it was said.
//   K2. A call ends: with an answer, with an error, with the connection, or because its caller no longer waits.

import { deserialize, serialize } from "node:v8";
import type { Duplex } from "node:stream";
import { GoneSignal } from "../shard/gone-signal.js";
import type { Gone } from "../shard/invocations.js";
import { errorFrom, sentError, workerGone, type SentError } from "./link-error.js";

/** What can be asked of the other side: a function of one value, which is told when nobody waits for its answer any more. */
export type LinkMethods<Methods> = {
  readonly [Name in keyof Methods]: (argument: never, gone: Gone) => unknown;
};

type ArgumentOf<Method> = Method extends (argument: infer Argument, gone: Gone) => unknown
  ? Argument
  : never;
type AnswerOf<Method> = Method extends (argument: never, gone: Gone) => infer Answer
  ? Awaited<Answer>
  : never;

/** Numbers instead of names: there are thousands in a second. */
const Kind = { call: 0, tell: 1, answer: 2, failure: 3, cancel: 4 } as const;

type LinkMessage =
  | readonly [typeof Kind.call, number, string, unknown]
  | readonly [typeof Kind.tell, string, unknown]
  | readonly [typeof Kind.answer, number, unknown]
  | readonly [typeof Kind.failure, number, SentError]
  | readonly [typeof Kind.cancel, number];

interface Pending {
  readonly resolve: (answer: never) => void;
  readonly reject: (error: unknown) => void;
}

type AnyMethods = Readonly<Record<string, (argument: unknown, gone: Gone) => unknown>>;

const headBytes = 4;

/** @typeParam Theirs  what the other side serves */
export class Link<Theirs extends LinkMethods<Theirs>> {
  readonly #stream: Duplex;
  readonly #methods: Promise<AnyMethods>;
  readonly #pending = new Map<number, Pending>();
  /** Calls of the other side that have no answer yet. */
  readonly #serving = new Map<number, GoneSignal>();
  #out: LinkMessage[] = [];
  #chunks: Buffer[] = [];
  #received = 0;
  #lastCall = 0;
  #isClosed = false;

  /** @param methods  what this side serves; what comes before they are there waits for them */
  constructor(stream: Duplex, methods: object | Promise<object>) {
    this.#stream = stream;
    this.#methods = Promise.resolve(methods) as Promise<AnyMethods>;
    stream.once("close", () => {
      this.#close();
    });
    // Why a connection ends matters to nobody: that it ended does.
    stream.on("error", () => undefined);
    stream.on("data", (chunk: Buffer) => {
      this.#take(chunk);
    });
  }

  /** @param gone  the caller no longer waits: the call is never answered */
  call<Name extends keyof Theirs & string>(
    name: Name,
    argument: ArgumentOf<Theirs[Name]>,
    gone?: Gone,
  ): Promise<AnswerOf<Theirs[Name]>> {
    if (this.#isClosed) return Promise.reject(workerGone());
    const call = ++this.#lastCall;
    return new Promise((resolve, reject) => {
      this.#pending.set(call, { resolve, reject });
      this.#say([Kind.call, call, name, argument]);
      gone?.addEventListener("abort", () => {
        if (this.#pending.delete(call)) this.#say([Kind.cancel, call]);
      });
    });
  }

  tell<Name extends keyof Theirs & string>(name: Name, argument: ArgumentOf<Theirs[Name]>): void {
    this.#say([Kind.tell, name, argument]);
  }

  close(): void {
    this.#stream.destroy();
  }

  #say(message: LinkMessage): void {
    if (this.#isClosed) return;
    if (this.#out.length === 0) {
      queueMicrotask(() => {
        this.#flush();
      });
    }
    this.#out.push(message);
  }

  #flush(): void {
    const messages = this.#out;
    this.#out = [];
    const body = serialize(messages);
    const head = Buffer.allocUnsafe(headBytes);
    head.writeUInt32LE(body.length);
    this.#stream.cork();
    this.#stream.write(head);
    this.#stream.write(body);
    this.#stream.uncork();
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#received += chunk.length;
    for (;;) {
      if (this.#received < headBytes) return;
      const first = this.#chunks[0];
      const head = first !== undefined && first.length >= headBytes ? first : this.#join();
      const end = headBytes + head.readUInt32LE();
      if (this.#received < end) return;
      const all = this.#join();
      this.#chunks = end === all.length ? [] : [all.subarray(end)];
      this.#received -= end;
      for (const message of deserialize(all.subarray(headBytes, end)) as LinkMessage[]) {
        this.#handle(message);
      }
    }
  }

  #join(): Buffer {
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }

  #handle(message: LinkMessage): void {
    switch (message[0]) {
      case Kind.call:
        return this.#serve(message[1], message[2], message[3]);
      case Kind.tell:
        void this.#perform(message[1], message[2], new GoneSignal());
        return;
      case Kind.answer:
        return this.#settled(message[1])?.resolve(message[2] as never);
      case Kind.failure:
        return this.#settled(message[1])?.reject(errorFrom(message[2]));
      case Kind.cancel:
        this.#serving.get(message[1])?.abort();
        this.#serving.delete(message[1]);
    }
  }

  #settled(call: number): Pending | undefined {
    const pending = this.#pending.get(call);
    this.#pending.delete(call);
    return pending;
  }

  #serve(call: number, name: string, argument: unknown): void {
    const gone = new GoneSignal();
    this.#serving.set(call, gone);
    this.#perform(name, argument, gone).then(
      (value) => {
        if (this.#serving.delete(call)) this.#say([Kind.answer, call, value]);
      },
      (error: unknown) => {
        if (this.#serving.delete(call)) this.#say([Kind.failure, call, sentError(error)]);
      },
    );
  }

  async #perform(name: string, argument: unknown, gone: Gone): Promise<unknown> {
    const methods = await this.#methods;
    return await methods[name]?.(argument, gone);
  }

  #close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#pending.values()) reject(workerGone());
    this.#pending.clear();
    for (const gone of this.#serving.values()) gone.abort();
    this.#serving.clear();
  }
}
