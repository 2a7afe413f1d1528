// The journal of one attempt, from the SDK's side: a pure machine. The code's commands go in and are matched
// with what was recorded, or come out as new ones; notifications go in and come out one at a time, in journal
// order, each when the code has come to rest.
//   J1. Commands are matched in order. The first that differs ends the attempt.
//   J2. A notification is handed out once, and only when the code is quiet: so races are won on replay by who won them
//       first. A step's result that the code was shown before it was recorded says where: it comes there again.
//   J3. A step that has a completion anywhere in the journal is not executed.
//   J4. Once the recorded commands are used up, the attempt makes progress of its own.

import { firstAwakeableSignalId } from "@perdure/protocol/awakeable-id";
import type { Completion, Entry, Signal } from "@perdure/proto/protocol/v1/journal";
import { JournalMismatch } from "./journal-mismatch.js";
import { describeCommand, sameCommand } from "./match.js";

export type Notification =
  | { readonly kind: "completion"; readonly index: number; readonly completion: Completion }
  | { readonly kind: "signal"; readonly index: number; readonly signal: Signal }
  /** The result of a step of this attempt: recorded, or shown early. */
  | { readonly kind: "accepted"; readonly index: number; readonly completionId: number };

/** Not recorded yet. */
const unrecorded = 0;

/** How far the result of a step, or of another command, has come. */
type Progress = "recorded" | "early" | "shown";

interface RecordedCommand {
  readonly index: number;
  readonly entry: Entry;
}

export class Journal {
  readonly #commands: RecordedCommand[] = [];
  #nextCommand = 0;
  readonly #notifications: Notification[] = [];
  #nextNotification = 0;
  readonly #results = new Map<number, Progress>();
  /** Results of this attempt that are to be shown early, or were, and are not recorded. */
  #unrecorded = 0;
  /** Those of them that were handed out. */
  #shown = 0;
  #lastIndex = 0;
  #commandCount = 0;
  #lastCompletionId = 0;
  #lastSignalId = firstAwakeableSignalId - 1;

  /** @param entries  all that the journal had when the attempt was started; the first is the input */
  constructor(entries: readonly Entry[]) {
    entries.forEach((entry, index) => {
      if (isNotification(entry)) this.notified(index, entry);
      else this.#commands.push({ index, entry });
    });
    if (entries.some(wasShownEarly)) this.#notifications.sort(asShown);
  }

  /** Whether recorded commands are left. */
  get replaying(): boolean {
    return this.#nextCommand < this.#commands.length;
  }

  /** Index of the last notification that has come; 0 for none. */
  get lastIndex(): number {
    return this.#lastIndex;
  }

  /** Commands so far, the input included. */
  get commandCount(): number {
    return this.#commandCount;
  }

  /** The input: the first command of every journal. */
  takeInput(): Entry {
    const first = this.#commands[this.#nextCommand++];
    if (first?.entry.body.case !== "input") throw new Error("a journal begins with its input");
    this.#commandCount++;
    return first.entry;
  }

  newCompletionId(): number {
    return ++this.#lastCompletionId;
  }

  newSignalId(): number {
    return ++this.#lastSignalId;
  }

  /**
   * The code asks for a command.
   * @returns the recorded command, or undefined where it is new
   * @throws JournalMismatch
   */
  issue(asked: Entry): Entry | undefined {
    this.#commandCount++;
    const recorded = this.#commands[this.#nextCommand];
    if (recorded === undefined) return undefined;
    if (!sameCommand(recorded.entry, asked)) {
      throw new JournalMismatch({
        index: recorded.index,
        recorded: describeCommand(recorded.entry),
        asked: `asks for ${describeCommand(asked)}`,
      });
    }
    this.#nextCommand++;
    return recorded.entry;
  }

  /** A notification from the server. One that is known already is ignored. */
  notified(index: number, entry: Entry): void {
    const { body } = entry;
    if (body.case === "completion") {
      this.#results.set(body.value.completionId, "recorded");
      this.#add({ kind: "completion", index, completion: body.value });
    } else if (body.case === "signal") {
      this.#add({ kind: "signal", index, signal: body.value });
    }
  }

  /** A proposal of this attempt is recorded. */
  accepted(index: number, completionId: number): void {
    const progress = this.#results.get(completionId);
    this.#results.set(completionId, "recorded");
    if (progress !== "early" && progress !== "shown") {
      return this.#add({ kind: "accepted", index, completionId });
    }
    this.#unrecorded--;
    if (progress === "shown") this.#shown--;
    if (index > this.#lastIndex) this.#lastIndex = index;
  }

  /**
   * The code is shown a result of this attempt before it is recorded: next, after all that has come.
   * @returns the index of the last notification that has come
   */
  showEarly(completionId: number): number {
    this.#results.set(completionId, "early");
    this.#unrecorded++;
    this.#notifications.push({ kind: "accepted", index: unrecorded, completionId });
    return this.#lastIndex;
  }

  /** Whether results of this attempt are shown early, and not recorded yet. */
  get hasUnrecorded(): boolean {
    return this.#unrecorded > 0;
  }

  /** Whether the code was shown what is not recorded yet. */
  get hasShownUnrecorded(): boolean {
    return this.#shown > 0;
  }

  /** Whether a step has a result, handed out or not. */
  hasCompletion(completionId: number): boolean {
    return this.#results.has(completionId);
  }

  /** The next notification for code that has come to rest. */
  next(): Notification | undefined {
    const notification = this.#notifications[this.#nextNotification];
    if (notification === undefined) return undefined;
    this.#nextNotification++;
    if (notification.kind === "accepted") this.#handedOut(notification.completionId);
    return notification;
  }

  /**
   * The code has come to rest at an await, and nothing is left that could move it on.
   * @throws JournalMismatch  where the journal says that it went on
   */
  stuck(): void {
    this.#mustBeUsedUp("waits for something that was not awaited then");
  }

  /** @throws JournalMismatch  where the journal has more than the code has done */
  finished(): void {
    this.#mustBeUsedUp("has returned");
  }

  #handedOut(completionId: number): void {
    if (this.#results.get(completionId) !== "early") return;
    this.#results.set(completionId, "shown");
    this.#shown++;
  }

  #mustBeUsedUp(asked: string): void {
    const recorded = this.#commands[this.#nextCommand];
    if (recorded === undefined) return;
    const { index, entry } = recorded;
    throw new JournalMismatch({ index, recorded: describeCommand(entry), asked });
  }

  #add(notification: Notification): void {
    if (notification.index <= this.#lastIndex) return;
    this.#lastIndex = notification.index;
    this.#notifications.push(notification);
  }
}

function isNotification(entry: Entry): boolean {
  return entry.body.case === "completion" || entry.body.case === "signal";
}

function wasShownEarly({ body }: Entry): boolean {
  return body.case === "completion" && body.value.shownAfter !== undefined;
}

/** By the place after which it was shown; there, what was shown early follows in the order in which it was recorded. */
function asShown(one: Notification, other: Notification): number {
  const difference = placeOf(one) - placeOf(other);
  return difference === 0 ? one.index - other.index : difference;
}

function placeOf(notification: Notification): number {
  const early = notification.kind === "completion" ? notification.completion.shownAfter : undefined;
  return early === undefined ? notification.index : early + 0.5;
}
