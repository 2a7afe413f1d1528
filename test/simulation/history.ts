// What happens in a simulated world, as checkers are told of it. Facts come from where they happen (the log, a closure,
// the code of a handler, a caller that gets an answer), at the moment when they happen.

import type { Entry } from "@perdure/proto/protocol/v1/journal";
import type { Invocation } from "@perdure/proto/storage/v1/records";
import type { Effect, EventBody, OutputResult, WatchEvent } from "@perdure/server/simulation-kit";

/** One attempt, as the service that computes it sees it. */
export interface AttemptView {
  readonly runId: string;
  readonly invocationId: string;
  /** Of the process that computes it. */
  readonly address: string;
  readonly epoch: number;
  readonly counter: number;
  /** How many records were durable when the server sent it. */
  readonly startedAt: number;
  /** Journal entries that came with Start, and notifications that were told as durable. */
  readonly shown: Map<number, Entry>;
  /** How many of `shown` are known to be durable: entries never change. */
  verified: number;
  /** Results of steps that the code was given: by the name of the step. */
  readonly seen: Map<string, string>;
}

/** An invocation is gone, or its journal (which goes along with it, or leaves its output behind). */
export interface Forgotten {
  readonly runId: string;
  readonly what: "invocation" | "journal";
}

/** How long what has ended is kept. */
export interface Retention {
  readonly journalMs: number;
  readonly idempotencyMs: number;
  readonly workflowMs: number;
}

export type Fact =
  /** A record is on disk. */
  | {
      readonly kind: "durable";
      readonly count: number;
      readonly partition: number;
      readonly timeMs: number;
      readonly event: EventBody;
      readonly effects: readonly Effect[];
      /** The run that it accepted. */
      readonly created: string | undefined;
      /** It lies beside the log. */
      readonly bodyApart: boolean;
      /** What the tables let go of. */
      readonly forgotten: readonly Forgotten[];
    }
  | {
      readonly kind: "closure";
      readonly attempt: AttemptView;
      readonly step: string;
      /** 1 for the first execution. */
      readonly execution: number;
    }
  /** A closure has given a result. */
  | {
      readonly kind: "gave";
      readonly attempt: AttemptView;
      readonly step: string;
      readonly value: string;
    }
  /** The code was given a result. `what` names it across attempts, `shared` across invocations. */
  | {
      readonly kind: "saw";
      readonly attempt: AttemptView;
      readonly path: string;
      readonly what: string;
      readonly shared: string | undefined;
      readonly outcome: string;
    }
  /** Someone was told that an invocation is accepted, or how it ended. `isNew`: that it is by this very request. */
  | { readonly kind: "accepted"; readonly invocationId: string; readonly isNew: boolean }
  | {
      readonly kind: "ended";
      readonly invocationId: string;
      readonly outcome: string;
    }
  /** Someone has looked for the result of an invocation. */
  | {
      readonly kind: "looked";
      readonly invocationId: string;
      /** The life of it that had ended and was kept when the request came. */
      readonly before: string | undefined;
      readonly answer:
        | { readonly case: "ended"; readonly outcome: string }
        | { readonly case: "notReady" }
        | { readonly case: "notFound" };
    }
  /** Someone who watches was told what has happened. A watch that is taken up again is the same one. */
  | {
      readonly kind: "watched";
      readonly watch: number;
      readonly runId: string;
      readonly event: WatchEvent;
    }
  /** Someone was told that a signal is there. */
  | { readonly kind: "signalled"; readonly invocationId: string; readonly signalId: number }
  /** Something was offered to settle an awakeable, a promise or a signal with. */
  | { readonly kind: "offered"; readonly shared: string; readonly outcome: string }
  | { readonly kind: "recovered"; readonly digest: string; readonly expected: string }
  | { readonly kind: "fatal"; readonly error: unknown; readonly provoked: boolean }
  /** The server takes work again, or the disk has room again. Event time. */
  | { readonly kind: "serving"; readonly timeMs: number }
  /** All faults are over and everything had time to end. */
  | {
      readonly kind: "end";
      readonly idle: boolean;
      /** How long the last server has been serving. */
      readonly servedMs: number;
    };

/** What is durable, as an independent replay of the records has it, and what was durable before it was let go of. */
export interface DurableView {
  /** Records so far. */
  readonly count: number;
  /** The life of an invocation that is there now. */
  find(invocationId: string): string | undefined;
  /** All its runs, also those that are gone. */
  lives(invocationId: string): readonly string[];
  /** As it is, or as it ended. */
  invocation(runId: string): Invocation | undefined;
  /** The whole of it, also where it is gone. */
  journal(runId: string): readonly Entry[];
  output(runId: string): OutputResult | undefined;
  /** Of the partition that an invocation lies in. */
  epochOf(invocationId: string): number;
  signals(invocationId: string): readonly number[];
  runs(): Iterable<string>;
}

export interface Checker {
  readonly name: string;
  check(fact: Fact): void;
}

export interface CheckerContext {
  readonly durable: DurableView;
  readonly retention: Retention;
  /** A promise is broken. */
  readonly offend: (message: string) => void;
}

export type CreateChecker = (context: CheckerContext) => Checker;

/** How something ended, as text that can be compared. */
export function outcomeText(result: OutputResult): string {
  if (result.case === "failure") return `!${String(result.value.code)} ${result.value.message}`;
  const content = result.case === "value" ? result.value.content : undefined;
  return content?.case === "inline" ? new TextDecoder().decode(content.value) : "";
}
