// An attempt that only replays. It is the SDK's own, with its matching of commands and its order of
// notifications; but it runs no step, and it is over as soon as the code asks for something that is not recorded.

import { create } from "@bufbuild/protobuf";
import {
  AttemptNumberSchema,
  StartSchema,
  type DeploymentFrame,
} from "@perdure/proto/protocol/v1/deployment";
import {
  Attempt,
  createLogger,
  describeCommand,
  JournalMismatch,
  type AttemptOptions,
  type MismatchSides,
} from "@perdure/sdk/replay-kit";
import type { RecordedJournal } from "./journal-export.js";

/** How far the code came, and why no further. */
export type ReplayEnd =
  | { readonly kind: "ends" }
  | { readonly kind: "waits" }
  | { readonly kind: "continues"; readonly next: string }
  | { readonly kind: "mismatch"; readonly sides: MismatchSides; readonly message: string }
  | { readonly kind: "fails"; readonly error: unknown };

/** A journal, and the code that it is replayed against. */
export interface Replayed extends Pick<AttemptOptions, "service" | "handler" | "callees"> {
  readonly recorded: RecordedJournal;
}

export class ReplayAttempt extends Attempt {
  readonly #told: (end: ReplayEnd) => void;

  constructor(replayed: Replayed, told: (end: ReplayEnd) => void) {
    super(optionsOf(replayed, told));
    this.#told = told;
    // To the replayed code every step has a result; one that is not recorded never comes.
    Object.defineProperty(this.journal, "hasCompletion", { value: () => true });
  }

  override fail(error: unknown): void {
    if (this.over) return;
    this.#told(
      error instanceof JournalMismatch
        ? { kind: "mismatch", sides: error.sides, message: error.message }
        : { kind: "fails", error },
    );
    this.drop();
  }
}

function optionsOf(
  { recorded, service, handler, callees }: Replayed,
  told: (end: ReplayEnd) => void,
): AttemptOptions {
  const { invocation, target, entries: all } = recorded;
  // An attempt is never started with it: the invocation is over then.
  const entries = all.filter(({ body }) => body.case !== "output");
  const start = create(StartSchema, {
    runId: invocation.runId,
    invocationId: invocation.id,
    target,
    knownEntries: entries.length,
    entries,
    // What the code read is in the journal; what it would read next is not known.
    partialState: true,
    randomSeed: invocation.randomSeed,
  });
  if (invocation.idempotencyKey !== undefined) start.idempotencyKey = invocation.idempotencyKey;
  const turns = new Set<Attempt>();
  return {
    start,
    entries,
    streamId: 1,
    number: create(AttemptNumberSchema, { epoch: 1, counter: 1 }),
    service,
    handler,
    logger: createLogger(() => undefined),
    callees,
    now: Date.now,
    requestResponse: false,
    earlyResults: false,
    gateOpen: true,
    send: (frame) => {
      told(endOf(frame));
    },
    touched: (attempt) => {
      if (turns.size === 0) {
        setImmediate(() => {
          turns.clear();
          attempt.endOfTurn();
        });
      }
      turns.add(attempt);
    },
    ended: () => undefined,
  };
}

/** What the first frame that would leave says of the attempt. */
function endOf({ frame }: DeploymentFrame): ReplayEnd {
  switch (frame.case) {
    case "command":
      return { kind: "continues", next: describeCommand(frame.value) };
    case "end":
      return { kind: "ends" };
    default:
      return { kind: "waits" };
  }
}
