// The code asked for something else than what its journal holds. Never gone over in silence: the attempt
// stops, and the error names the entry, what was recorded and what the code asked for.

export interface MismatchSides {
  /** Index of the entry in the journal. */
  readonly index: number;
  readonly recorded: string;
  readonly asked: string;
}

export class JournalMismatch extends Error {
  override readonly name = "JournalMismatch";
  readonly code = 570;
  readonly sides: MismatchSides;

  constructor(sides: MismatchSides) {
    super(
      `journal mismatch at entry ${String(sides.index)}: recorded was ${sides.recorded}, the code now ${sides.asked}. ` +
        "The handler's code must take the same steps in the same order for an invocation that is under way. " +
        "Deploy the code that wrote this journal, or make the steps the same again (PDR2001)",
    );
    this.sides = sides;
  }
}
