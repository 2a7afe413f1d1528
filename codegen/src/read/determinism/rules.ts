// The rules: their codes, why what they find breaks replay, and the fix. What the rules look for is in known-names.ts
// and in the files that are named after them.

export type Severity = "error" | "warning";

export interface Rule {
  readonly code: string;
  readonly severity: Severity;
  /** Behind what was found: "Date.now() …". */
  readonly why: string;
  readonly advice: string;
}

const step = 'put it into a step: await ctx.run("name", () => …)';

export type RuleName =
  | "clock"
  | "random"
  | "timer"
  | "io"
  | "process"
  | "moduleState"
  | "contextInStep"
  | "combination"
  | "floating"
  | "order"
  | "swallowed";

export const rules: Readonly<Record<RuleName, Rule>> = {
  clock: {
    code: "PDR6201",
    severity: "error",
    why: "reads the clock, which says something else on every replay",
    advice: `use await ctx.date.now(), which is recorded, or ${step}`,
  },
  random: {
    code: "PDR6202",
    severity: "error",
    why: "draws by chance, and something else on every replay",
    advice: `use ctx.rand.random() or ctx.rand.uuidv4(), which draw the same on every replay, or ${step}`,
  },
  timer: {
    code: "PDR6203",
    severity: "error",
    why: "waits in the memory of the process: a crash forgets it, and a replay waits again",
    advice:
      "use await ctx.sleep({ seconds: … }), or .orTimeout(…) of a durable promise for a time limit",
  },
  io: {
    code: "PDR6204",
    severity: "error",
    why: "reaches outside of the handler: a replay does it again, and may get another answer",
    advice: `it happens once and its result is recorded if you ${step}`,
  },
  process: {
    code: "PDR6205",
    severity: "warning",
    why: "depends on the process that runs the handler, and a replay may run in another one",
    advice: `read it once at the top of the module where it never changes, or ${step}`,
  },
  moduleState: {
    code: "PDR6206",
    severity: "warning",
    why: "changes while handlers run, and is another one after a restart: a replay may meet another value",
    advice:
      "keep it in the state of an object or a workflow (ctx.get, ctx.set), in a variable of the handler, or read it in a step",
  },
  contextInStep: {
    code: "PDR6210",
    severity: "error",
    why: "uses the context inside a step: the step does not run again on replay, and what it asks for would be missing",
    advice: "use the context before or after ctx.run, and give the step what it needs as values",
  },
  combination: {
    code: "PDR6211",
    severity: "error",
    why: "combines durable promises by the order in which the process sees them settle, which is not recorded",
    advice: "use DurablePromise.race, any, all or allSettled: their outcome is recorded",
  },
  floating: {
    code: "PDR6212",
    severity: "error",
    why: "is not awaited",
    advice: "await it, return it, or combine it with others by DurablePromise.all",
  },
  order: {
    code: "PDR6213",
    severity: "error",
    why: "takes things in an order that is not recorded, so a replay may take them in another",
    advice: `use durable promises and their combinators, or ${step} and return what came`,
  },
  swallowed: {
    code: "PDR6214",
    severity: "warning",
    why: "catches everything, a cancellation too, and goes on as if nothing had happened",
    advice:
      "rethrow what you did not expect: if (error instanceof CancelledError) throw error; or let the step have a limit of its own (maxRetryAttempts)",
  },
};

/** Of suppressions themselves. */
export const reasonMissing = "PDR6220";
export const suppressesNothing = "PDR6221";
