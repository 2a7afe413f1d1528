// An attempt of an endpoint with a journal value codec. The attempt itself sees plain values only: what comes is
// decoded before it, what leaves is encoded after it.
//   C1. Notifications reach the attempt in the order in which they came, however long one takes to decode.
//   C2. Nothing that was given is changed: entries and frames are copied where a value is in them.
//   C3. A value that can't be decoded fails the attempt when the code reads it, and no sooner.

import type { DeploymentFrame } from "@perdure/proto/protocol/v1/deployment";
import type { Entry, Value } from "@perdure/proto/protocol/v1/journal";
import { bytesOf, valueOf } from "@perdure/protocol/messages";
import { CodecError, type CodecSource } from "../serde/codec-source.js";
import type { JournalValueCodec } from "../serde/journal-value-codec.js";
import { Attempt, type AttemptOptions } from "./attempt.js";
import { unreadable } from "./readers.js";
import { withResult, withValue } from "./value-slots.js";

/** Makes the attempt; its code may run when {@link CodedAttempt.whenDecoded} says so. */
export function createCodedAttempt(options: AttemptOptions, source: CodecSource): CodedAttempt {
  const pending: Value[] = [];
  const { start, entries, send } = options;
  const state = start.state.map((entry) => ({ ...entry, value: later(entry.value, pending) }));
  const attempt: CodedAttempt = new CodedAttempt(
    {
      ...options,
      start: { ...start, state },
      entries: entries.map((entry) => withValue(entry, (value) => later(value, pending))),
      send: (frame) => {
        const encoded = attempt.encoded(frame);
        if (encoded !== undefined) send(encoded);
      },
    },
    source,
    pending,
  );
  return attempt;
}

export class CodedAttempt extends Attempt {
  #codec: JournalValueCodec | undefined;
  /** Settles when all that came so far is decoded and handed over. Never rejects. */
  #decoded: Promise<void>;

  constructor(options: AttemptOptions, source: CodecSource, pending: readonly Value[]) {
    super(options);
    this.#decoded = source.get().then(
      async (codec) => {
        this.#codec = codec;
        await decodeAll(codec, pending);
      },
      (error: unknown) => {
        this.fail(error);
      },
    );
  }

  override notified(index: number, entry: Entry): void {
    const pending: Value[] = [];
    const copy = withValue(entry, (value) => later(value, pending));
    // Decoding begins at once; handing over waits for its turn.
    const decoding = this.#decode(pending);
    this.#afterwards(async () => {
      await decoding;
      super.notified(index, copy);
    });
  }

  override accepted(index: number, completionId: number): void {
    this.#afterwards(() => {
      super.accepted(index, completionId);
    });
  }

  /** Runs the code once the journal is decoded; not at all where the attempt is over by then. */
  whenDecoded(run: () => void): void {
    this.#afterwards(() => {
      if (!this.over) run();
    });
  }

  /** The frame with its value encoded; undefined where that fails, which fails the attempt. */
  encoded(frame: DeploymentFrame): DeploymentFrame | undefined {
    try {
      return encodeFrame(frame, (value) => this.#encode(value));
    } catch (error) {
      this.fail(error);
      return undefined;
    }
  }

  #afterwards(step: () => void | Promise<void>): void {
    const before = this.#decoded;
    this.#decoded = (async () => {
      await before;
      try {
        await step();
      } catch (error) {
        this.fail(error);
      }
    })();
  }

  async #decode(pending: readonly Value[]): Promise<void> {
    if (this.#codec === undefined) await this.#decoded;
    if (this.#codec !== undefined) await decodeAll(this.#codec, pending);
  }

  #encode(value: Value): Value {
    if (value.content.case === "reference") return value;
    let bytes: Uint8Array | undefined;
    try {
      bytes = this.#codec?.encode(bytesOf(value));
    } catch (error) {
      throw new CodecError("could not encode a value", error);
    }
    if (ArrayBuffer.isView(bytes)) return valueOf(bytes);
    throw new CodecError("could not encode a value", `it made no bytes but ${typeof bytes}`);
  }
}

/** A copy of a value, which is to be decoded in place. */
function later(value: Value | undefined, pending: Value[]): Value {
  if (value?.content.case === "reference") return value;
  const copy = valueOf(bytesOf(value));
  pending.push(copy);
  return copy;
}

async function decodeAll(codec: JournalValueCodec, values: readonly Value[]): Promise<void> {
  await Promise.all(
    values.map(async (value) => {
      try {
        value.content = { case: "inline", value: await codec.decode(bytesOf(value)) };
      } catch (error) {
        value.content = unreadable(new CodecError("could not decode a value", error));
      }
    }),
  );
}

function encodeFrame(outgoing: DeploymentFrame, encode: (value: Value) => Value): DeploymentFrame {
  const { frame } = outgoing;
  switch (frame.case) {
    case "command":
      return { ...outgoing, frame: { ...frame, value: withValue(frame.value, encode) } };
    case "proposeCompletion": {
      const value = { ...frame.value, result: withResult(frame.value.result, encode) };
      return { ...outgoing, frame: { ...frame, value } };
    }
    case "end": {
      const { output } = frame.value;
      if (output === undefined) return outgoing;
      const value = { ...frame.value, output: withValue(output, encode) };
      return { ...outgoing, frame: { ...frame, value } };
    }
    default:
      return outgoing;
  }
}
