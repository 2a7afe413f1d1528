import { describe, expect, test } from "vitest";
import type { Entry } from "@perdure/proto/protocol/v1/journal";
import {
  cancelSignal,
  command,
  completedVoid,
  completedWith,
  input,
  run,
  shownEarly,
  signal,
  sleep,
} from "./entries.fixture.js";
import { JournalMismatch } from "./journal-mismatch.js";
import { Journal } from "./journal.js";

/** A journal whose input was taken. */
function journal(...entries: readonly Entry[]): Journal {
  const made = new Journal([input(), ...entries]);
  made.takeInput();
  return made;
}

/** All notifications that are due, in short. */
function drain(from: Journal): string[] {
  const seen: string[] = [];
  for (let next = from.next(); next !== undefined; next = from.next()) {
    const what =
      next.kind === "signal"
        ? `signal ${String(next.signal.signal.value)}`
        : next.kind === "accepted"
          ? `accepted ${String(next.completionId)}`
          : `completion ${String(next.completion.completionId)}`;
    seen.push(`${String(next.index)}: ${what}`);
  }
  return seen;
}

function mismatchOf(act: () => unknown): JournalMismatch {
  try {
    act();
  } catch (error) {
    if (error instanceof JournalMismatch) return error;
    throw error;
  }
  throw new Error("no mismatch");
}

describe("commands", () => {
  test("that are recorded come back, in order, and end the replay", () => {
    const recorded = [run(1, "a"), sleep(2), run(3, "b")];
    const replayed = journal(...recorded);

    for (const entry of recorded) {
      expect(replayed.replaying).toBe(true);
      expect(replayed.issue(entry)).toBe(entry);
    }
    expect(replayed.replaying).toBe(false);
    expect(replayed.issue(run(4, "c"))).toBeUndefined();
  });

  test("of a fresh journal are all new", () => {
    const fresh = journal();

    expect(fresh.replaying).toBe(false);
    expect(fresh.issue(run(1))).toBeUndefined();
    expect(fresh.issue(sleep(2))).toBeUndefined();
  });

  test("are counted, the input included, replayed or new", () => {
    const replayed = journal(run(1));
    expect(replayed.commandCount).toBe(1);
    replayed.issue(run(1));
    replayed.issue(run(2));
    expect(replayed.commandCount).toBe(3);
  });

  test("are matched whatever notifications lie between them", () => {
    const replayed = journal(run(1, "a"), completedWith(1, "x"), sleep(2), completedVoid(2));

    expect(replayed.issue(run(1, "a"))?.name).toBe("a");
    expect(replayed.replaying).toBe(true);
    expect(replayed.issue(sleep(2))).toBeDefined();
    expect(replayed.replaying).toBe(false);
  });

  test("get completion ids from 1 and signal ids from 17", () => {
    const fresh = journal();
    expect([fresh.newCompletionId(), fresh.newCompletionId()]).toEqual([1, 2]);
    expect([fresh.newSignalId(), fresh.newSignalId()]).toEqual([17, 18]);
  });
});

describe("the input", () => {
  test("is the first entry", () => {
    const first = input({ name: "Ada" });
    expect(new Journal([first, run(1)]).takeInput()).toBe(first);
  });

  test("has to be there", () => {
    expect(() => new Journal([run(1)]).takeInput()).toThrow("begins with its input");
    expect(() => new Journal([]).takeInput()).toThrow("begins with its input");
  });
});

describe("a mismatch", () => {
  test("names the entry, what was recorded and what the code asks for", () => {
    const replayed = journal(run(1, "a"), completedWith(1, 1), sleep(2, "nap"));
    replayed.issue(run(1, "a"));

    const error = mismatchOf(() => replayed.issue(run(2, "b")));

    expect(error.sides).toEqual({
      index: 3,
      recorded: 'Sleep "nap"',
      asked: 'asks for Run "b"',
    });
    expect(error.message).toContain("journal mismatch at entry 3");
    expect(error.message).toContain('recorded was Sleep "nap"');
    expect(error.message).toContain('the code now asks for Run "b"');
    expect(error.message).toContain("Deploy the code that wrote this journal");
    expect(error.message).toContain("PDR2001");
    expect(error.code).toBe(570);
  });

  test("of a target names both targets", () => {
    const call = (key: string): Entry =>
      command({ case: "call", value: { target: { service: "Counter", handler: "add", key } } });
    const { sides } = mismatchOf(() => journal(call("a")).issue(call("b")));

    expect(sides.recorded).toBe("Call (Counter/a/add)");
    expect(sides.asked).toBe("asks for Call (Counter/b/add)");
  });

  test("is one again when the code goes on as if nothing were", () => {
    const replayed = journal(sleep(1));
    mismatchOf(() => replayed.issue(run(1)));
    expect(mismatchOf(() => replayed.issue(run(2))).sides.index).toBe(1);
  });

  test("is where the code returns before the journal ends", () => {
    const replayed = journal(run(1, "a"), completedWith(1, 1), run(2, "b"));
    replayed.issue(run(1, "a"));

    const error = mismatchOf(() => {
      replayed.finished();
    });
    expect(error.sides).toEqual({ index: 3, recorded: 'Run "b"', asked: "has returned" });
    expect(error.message).toContain("journal mismatch at entry 3");
  });

  test("is where the code waits and the journal says that it went on", () => {
    const replayed = journal(sleep(1), run(2, "b"));
    replayed.issue(sleep(1));

    const error = mismatchOf(() => {
      replayed.stuck();
    });
    expect(error.sides.index).toBe(2);
    expect(error.sides.recorded).toBe('Run "b"');
    expect(error.message).toContain("waits for something that was not awaited then");
  });

  test("is none once the recorded commands are used up, whatever notifications are left", () => {
    const replayed = journal(sleep(1), completedVoid(1), cancelSignal);
    replayed.issue(sleep(1));

    expect(() => {
      replayed.finished();
      replayed.stuck();
    }).not.toThrow();
  });
});

describe("notifications", () => {
  test("come out one at a time, in journal order, once", () => {
    const replayed = journal(
      sleep(1),
      sleep(2),
      completedVoid(2),
      cancelSignal,
      sleep(3),
      completedVoid(1),
    );

    expect(drain(replayed)).toEqual(["3: completion 2", "4: signal 1", "6: completion 1"]);
    expect(replayed.next()).toBeUndefined();
  });

  test("that arrive later follow those of the journal", () => {
    const replayed = journal(sleep(1), completedVoid(1));
    replayed.notified(4, completedVoid(2));
    replayed.accepted(5, 3);
    replayed.notified(6, signal(17));

    expect(drain(replayed)).toEqual([
      "2: completion 1",
      "4: completion 2",
      "5: accepted 3",
      "6: signal 17",
    ]);
  });

  test("that are known already are ignored, before and after they were handed out", () => {
    const replayed = journal(sleep(1), completedVoid(1), sleep(2), completedVoid(2));
    replayed.notified(2, completedVoid(1));
    replayed.notified(4, completedVoid(2));
    expect(drain(replayed)).toEqual(["2: completion 1", "4: completion 2"]);

    replayed.notified(4, completedVoid(2));
    replayed.accepted(4, 2);
    replayed.notified(5, completedVoid(3));
    replayed.notified(5, completedVoid(3));
    expect(drain(replayed)).toEqual(["5: completion 3"]);
  });

  test("may come for commands that the code has not asked for yet", () => {
    const fresh = journal();
    fresh.notified(2, completedVoid(7));

    expect(fresh.hasCompletion(7)).toBe(true);
    expect(drain(fresh)).toEqual(["2: completion 7"]);
  });

  test("say how far the journal has come", () => {
    const replayed = journal(sleep(1), completedVoid(1), cancelSignal);
    expect(replayed.lastIndex).toBe(3);
    replayed.notified(9, completedVoid(4));
    expect(replayed.lastIndex).toBe(9);
  });

  test("that are commands are no notifications", () => {
    const fresh = journal();
    fresh.notified(3, sleep(1));
    expect(fresh.next()).toBeUndefined();
    expect(fresh.replaying).toBe(false);
  });
});

describe("a step", () => {
  test("has a result if its completion is anywhere in the journal, handed out or not", () => {
    const replayed = journal(run(1), sleep(2), completedVoid(2), completedWith(1, "late"));

    expect(replayed.hasCompletion(1)).toBe(true);
    expect(replayed.hasCompletion(2)).toBe(true);
    expect(replayed.hasCompletion(3)).toBe(false);
  });

  test("has a result as soon as its proposal is accepted", () => {
    const fresh = journal();
    expect(fresh.hasCompletion(1)).toBe(false);
    fresh.accepted(2, 1);
    expect(fresh.hasCompletion(1)).toBe(true);
  });
});

describe("a result that the code is shown before it is recorded", () => {
  test("comes next, behind all that has come, and counts as a result", () => {
    const fresh = journal(sleep(1), completedVoid(1), run(2));
    expect(fresh.showEarly(2)).toBe(2);
    fresh.notified(4, cancelSignal);

    expect(fresh.hasCompletion(2)).toBe(true);
    expect(drain(fresh)).toEqual(["2: completion 1", "0: accepted 2", "4: signal 1"]);
  });

  test("does not come again when it is recorded, which is told", () => {
    const fresh = journal(run(1));
    fresh.showEarly(1);
    expect([fresh.hasUnrecorded, fresh.hasShownUnrecorded]).toEqual([true, false]);
    expect(drain(fresh)).toEqual(["0: accepted 1"]);
    expect([fresh.hasUnrecorded, fresh.hasShownUnrecorded]).toEqual([true, true]);
    fresh.notified(2, cancelSignal);
    fresh.accepted(3, 1);

    expect([fresh.hasUnrecorded, fresh.hasShownUnrecorded]).toEqual([false, false]);
    expect(fresh.lastIndex).toBe(3);
    expect(drain(fresh)).toEqual(["2: signal 1"]);
  });

  test("comes on replay where it was shown, whatever was recorded before it", () => {
    const replayed = journal(run(1), cancelSignal, completedVoid(7), shownEarly(1, 0));
    expect(drain(replayed)).toEqual(["4: completion 1", "2: signal 1", "3: completion 7"]);
  });

  test("comes in the order of recording among those that were shown at the same place", () => {
    const replayed = journal(
      run(1),
      run(2),
      cancelSignal,
      completedVoid(7),
      shownEarly(2, 3),
      shownEarly(1, 3),
    );
    expect(drain(replayed)).toEqual([
      "3: signal 1",
      "5: completion 2",
      "6: completion 1",
      "4: completion 7",
    ]);
  });
});
