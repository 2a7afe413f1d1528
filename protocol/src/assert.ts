// Programmer errors. Expected errors (bad input, a peer that is gone, a full disk) have classes of their own.

/** Something that can't be, was. Stops what was being done before it does harm. */
export class InvariantViolation extends Error {
  override readonly name = "InvariantViolation";
}

export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}

/** Closes a switch over a union: a new member does not compile until it has a case. */
export function unreachable(value: never): never {
  throw new InvariantViolation(`unexpected value ${JSON.stringify(value)}`);
}
