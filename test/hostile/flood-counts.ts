// What became of the connections of a flood.

export interface FloodCounts {
  /** Open now. */
  open: number;
  /** Were answered as anybody is, and let in. */
  served: number;
  /** Were told that there are too many. */
  refused: number;
  /** Were closed, or could not be opened, without a word. */
  unanswered: number;
  /** Got an answer that none should get. */
  other: number;
}

export const noFlood: Readonly<FloodCounts> = {
  open: 0,
  served: 0,
  refused: 0,
  unanswered: 0,
  other: 0,
};

export function sumOf(all: readonly Readonly<FloodCounts>[]): FloodCounts {
  const sum = { ...noFlood };
  for (const one of all) {
    for (const name of Object.keys(sum) as (keyof FloodCounts)[]) sum[name] += one[name];
  }
  return sum;
}

/** How many have been decided on. */
export function settledOf({ served, refused, unanswered, other }: FloodCounts): number {
  return served + refused + unanswered + other;
}
