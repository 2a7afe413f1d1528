// Runs today's code against a journal that was recorded: would an invocation that is under way survive the
// deployment of this code?

import { millisOf, type Duration } from "@perdure/protocol/duration";
import type { Definable } from "@perdure/protocol/definitions";
import {
  describeCommand,
  resolveEndpoint,
  runHandler,
  type EndpointOptions,
} from "@perdure/sdk/replay-kit";
import { TestingError, TestingErrorCode } from "../errors.js";
import { decodeJournal } from "./decode-journal.js";
import {
  badJournal,
  readJournal,
  type ExportedJournal,
  type RecordedJournal,
} from "./journal-export.js";
import { ReplayAttempt, type ReplayEnd } from "./replay-attempt.js";

export interface ReplayOptions {
  /** How long the code may take, in real time. Default 5 seconds. */
  readonly timeout?: Duration;
  /** What the endpoint of the service says of it: its codec, its default options. */
  readonly endpoint?: Pick<
    EndpointOptions,
    "defaultServiceOptions" | "journalValueCodecProvider" | "manifest"
  >;
}

/** Recorded and asked for are not the same. */
export interface ReplayMismatch {
  /** Index of the entry in the journal. */
  readonly index: number;
  /** The command that is recorded there: `Run "charge"`. */
  readonly recorded: string;
  /** What the code does instead: `asks for Sleep`, `has returned`, `fails with Error: …`. */
  readonly asked: string;
  /** Both sides in a sentence, and what to do. */
  readonly message: string;
}

export type ReplayResult =
  | {
      readonly ok: true;
      /**
       * "ended": the invocation was complete. "waits": for what is not recorded yet. "continues": the code goes on
       * where the journal ends. "fails": it throws there, and the invocation would be tried again.
       */
      readonly status: "ended" | "waits" | "continues" | "fails";
      /** Index of the last recorded command. All before it were asked for in the same order. */
      readonly position: number;
      /** "continues": what the code asks for next. */
      readonly next?: string;
      /** "fails": what it throws. */
      readonly error?: unknown;
    }
  | {
      readonly ok: false;
      /** The first difference; code that has left its path can't be followed any further. */
      readonly mismatches: readonly ReplayMismatch[];
    };

const timeoutMs = 5_000;

/**
 * Replays a journal against a class or a definition. No step is run and nothing leaves the process, but for what
 * the handler does outside of steps.
 * @param journal  what `GET /invocations/{id}/journal` of the admin port answers: its text, or parsed
 * @throws TestingError     PDR5405: no journal, or none of this class; PDR5406: the code comes to no end
 * @throws DefinitionError  the value is no service
 * @throws ManifestError    the manifest is none, or not that of the code
 */
export async function replay(
  journal: ExportedJournal,
  definable: Definable,
  options: ReplayOptions = {},
): Promise<ReplayResult> {
  const exported = readJournal(journal);
  const { service: serviceName, handler: handlerName } = exported.target;
  const { services, codec, callees } = resolveEndpoint({
    ...options.endpoint,
    services: [definable],
  });
  const service = services.get(serviceName);
  if (service === undefined) {
    const [name = ""] = services.keys();
    throw badJournal(`it is of ${serviceName}/${handlerName}, and the code is ${name}`);
  }
  const handler = service.handlers.get(handlerName);
  if (handler === undefined) return notThere(exported, serviceName, handlerName);
  const recorded = codec === undefined ? exported : await decodeJournal(exported, codec);

  let told: (end: ReplayEnd) => void = () => undefined;
  const first = new Promise<ReplayEnd>((resolve) => (told = resolve));
  const attempt = new ReplayAttempt({ recorded, service, handler, callees }, (end) => {
    // Over before it is told: whatever the code does from here on reaches nobody.
    attempt.drop();
    told(end);
  });
  const limitMs = millisOf(options.timeout ?? timeoutMs);
  const timer = setTimeout(() => {
    told({ kind: "fails", error: hangs(recorded, attempt, limitMs) });
  }, limitMs);
  try {
    runHandler(attempt);
    return resultOf(recorded, attempt, await first);
  } finally {
    clearTimeout(timer);
    attempt.drop();
  }
}

function resultOf(recorded: RecordedJournal, attempt: ReplayAttempt, end: ReplayEnd): ReplayResult {
  const next = nextCommand(recorded, attempt);
  const position = commandsOf(recorded).at(-1)?.index ?? 0;
  switch (end.kind) {
    case "mismatch":
      return { ok: false, mismatches: [{ ...end.sides, message: end.message }] };
    case "fails":
      if (end.error instanceof TestingError) throw end.error;
      if (next === undefined) return { ok: true, status: "fails", position, error: end.error };
      return mismatch(next.index, next.text, `fails with ${String(end.error)}`);
    case "ends":
      return next === undefined
        ? { ok: true, status: "continues", position, next: "Output" }
        : { ok: true, status: "ended", position };
    // All that is recorded was asked for, but for the output of an invocation that is complete.
    case "continues":
      if (next !== undefined) return mismatch(next.index, next.text, `asks for ${end.next}`);
      return { ok: true, status: "continues", position, next: end.next };
    case "waits":
      if (next !== undefined) return mismatch(next.index, next.text, waitsForMore);
      return { ok: true, status: "waits", position };
  }
}

const waitsForMore = "waits for something that was not awaited then";

interface RecordedCommand {
  readonly index: number;
  readonly text: string;
}

function commandsOf({ entries }: RecordedJournal): RecordedCommand[] {
  return entries.flatMap((entry, index) => {
    const { case: type } = entry.body;
    return type === "completion" || type === "signal"
      ? []
      : [{ index, text: describeCommand(entry) }];
  });
}

/** The first recorded command that the code has not asked for. */
function nextCommand(
  recorded: RecordedJournal,
  { journal }: ReplayAttempt,
): RecordedCommand | undefined {
  const commands = commandsOf(recorded);
  const replayed =
    recorded.entries.at(-1)?.body.case === "output" ? commands.length - 1 : commands.length;
  // New commands are counted too.
  return commands[Math.min(journal.commandCount, replayed)];
}

function mismatch(index: number, recorded: string, asked: string): ReplayResult {
  const message = `journal mismatch at entry ${String(index)}: recorded was ${recorded}, the code now ${asked} (PDR2001)`;
  return { ok: false, mismatches: [{ index, recorded, asked, message }] };
}

function notThere(recorded: RecordedJournal, service: string, handler: string): ReplayResult {
  const [input, next] = commandsOf(recorded);
  const { index = 0, text = "Input" } = next ?? input ?? {};
  return mismatch(index, text, `has no handler ${service}/${handler}`);
}

function hangs(recorded: RecordedJournal, attempt: ReplayAttempt, limitMs: number): TestingError {
  const next = nextCommand(recorded, attempt);
  const where =
    next === undefined
      ? "after the last recorded command"
      : `before entry ${String(next.index)}, ${next.text}`;
  return new TestingError(
    TestingErrorCode.replayHangs,
    `${recorded.target.service}/${recorded.target.handler} has not come to rest within ${String(limitMs)} ms, ${where}: it awaits something outside of ctx, or computes for long. Put that into ctx.run, or give replay a longer timeout`,
  );
}
