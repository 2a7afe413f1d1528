// The context is used inside the closure of a step. On replay the closure does not run: what it asked for would be
// missing then. Found where the closure does so before it waits for anything.

export class StepMisuse extends Error {
  override readonly name = "StepMisuse";

  /** @param command  what was asked for: "run", "sleep", "call" */
  constructor(command: string | undefined) {
    super(
      `the context is used inside a step (for "${command ?? ""}"): a step is not run again on replay, and what it asks for would be missing. Use ctx before or after ctx.run, not in its closure (PDR2025)`,
    );
  }
}
