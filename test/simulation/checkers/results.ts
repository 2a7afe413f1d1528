// How an invocation ends is what its program allows: the steps' results were given by executions of its closures, calls
// gave what their callees ended with, state reads what is recorded, and a failure has a reason that is on disk.

import type { Entry } from "@perdure/proto/protocol/v1/journal";
import { outcomeText, type Checker, type CheckerContext } from "../history.js";
import { textHash, type HandlerOutput } from "../programs/interpreter.js";
import type { Awaited, Program } from "../programs/program.js";

export function allowedResults({ durable, offend }: CheckerContext): Checker {
  const given = new Set<string>();
  const killed = new Set<string>();
  /** The runs that a run was made of, whose journal it has taken over, and itself. */
  const ancestry = new Map<string, readonly string[]>();

  const programOf = (journal: readonly Entry[]): Program => {
    const body = journal[0]?.body;
    const content = body?.case === "input" ? body.value.value?.content : undefined;
    const bytes = content?.case === "inline" ? content.value : new Uint8Array();
    return JSON.parse(new TextDecoder().decode(bytes)) as Program;
  };

  const check = (runId: string): void => {
    const output = durable.output(runId);
    const journal = durable.journal(runId);
    const invocation = durable.invocation(runId);
    if (output === undefined || invocation === undefined) return;
    const offence = (message: string): void => {
      offend(
        `${invocation.target?.service}/${invocation.target?.handler} ${invocation.id}: ${message}`,
      );
    };
    if (output.case === "failure") {
      const { message } = output.value;
      if (message.startsWith("failed at ") && hasFail(programOf(journal))) return;
      const cancelled = journal.some(
        ({ body }) => body.case === "signal" && body.value.signal.value === 1,
      );
      if (cancelled || killed.has(invocation.id)) return;
      return offence(`ended with "${message}", which its program does not allow`);
    }
    let trace: HandlerOutput["trace"];
    try {
      trace = (JSON.parse(outcomeText(output)) as HandlerOutput).trace;
    } catch {
      return offence("ended with something that is no output of its program");
    }
    const seen = new Map(trace);
    if (seen.size !== trace.length) offence("went one way twice");
    for (const [path, awaited] of plainAwaits(programOf(journal), "")) {
      const outcome = seen.get(path);
      if (outcome === undefined) offence(`has left out ${path}`);
      else checkOne(awaited, path, outcome, runId, offence);
    }
  };

  const checkOne = (
    awaited: Awaited,
    path: string,
    outcome: string,
    runId: string,
    offence: (message: string) => void,
  ): void => {
    switch (awaited.op) {
      case "run": {
        if (awaited.ends === "value" || awaited.ends === "flaky") {
          const value = outcome.startsWith("!") ? undefined : (JSON.parse(outcome) as string);
          const runs = ancestry.get(runId) ?? [runId];
          const isIts = runs.some((run) => value?.startsWith(`${run} ${path}~`) === true);
          if (value === undefined || !given.has(value) || !isIts) {
            offence(`step ${path} is ${outcome}, which no execution of it gave`);
          }
        } else if (!outcome.startsWith("!")) {
          offence(`step ${path} is ${outcome}, and should have failed`);
        }
        return;
      }
      case "sleep":
        if (outcome !== "none") offence(`sleep ${path} gave ${outcome}`);
        return;
      case "call": {
        if (outcome.startsWith("!")) return;
        const [id = "", hash] = (JSON.parse(outcome) as string).split(" ");
        const ended = durable.lives(id).flatMap((run) => durable.output(run) ?? []);
        if (ended.length === 0) return offence(`call ${path} gave a result, and ${id} has none`);
        if (!ended.some((callee) => textHash(outcomeText(callee)) === hash)) {
          offence(`call ${path} gave another result than ${id} ended with`);
        }
        return;
      }
      default:
        return;
    }
  };

  return {
    name: "results are those that the program allows",
    check(fact): void {
      if (fact.kind === "gave") given.add(JSON.parse(fact.value) as string);
      if (fact.kind !== "durable" && fact.kind !== "end") return;
      if (fact.kind === "end") {
        for (const runId of durable.runs()) check(runId);
        return;
      }
      const { event, created } = fact;
      if (event.case === "restarted" && created !== undefined) {
        const source = durable.lives(event.value.invocationId).at(-1);
        ancestry.set(created, [...(ancestry.get(source ?? "") ?? [source ?? ""]), created]);
      }
      if (event.case === "killed" || event.case === "cancelled")
        killed.add(event.value.invocationId);
      const message = event.case === "messageReceived" ? event.value.message?.message : undefined;
      if (message?.case === "kill") killed.add(message.value.invocationId);
      // The cancellation of one that has not begun ends it on the spot.
      if (message?.case === "signal" && message.value.signal?.signal.value === 1) {
        killed.add(message.value.invocationId);
      }
    },
  };
}

/** Awaits by themselves, by path: not those inside of combinations. */
function* plainAwaits(program: Program, path: string): Generator<[string, Awaited]> {
  for (const [index, statement] of program.entries()) {
    const at = `${path}${String(index)}`;
    if (statement.op === "await") yield [at, statement.what];
    if (statement.op !== "branches") continue;
    for (const [number, branch] of statement.of.entries()) {
      yield* plainAwaits(branch, `${at}.${String(number)}.`);
    }
  }
}

function hasFail(program: Program): boolean {
  return program.some(
    (statement) =>
      statement.op === "fail" ||
      (statement.op === "branches" && statement.of.some((branch) => hasFail(branch))),
  );
}
