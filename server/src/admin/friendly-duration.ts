// Durations as the admin port prints them: "1d", "1h 30m", "500ms". `parseDuration` reads them back.

const units = [
  ["d", 24 * 60 * 60 * 1_000],
  ["h", 60 * 60 * 1_000],
  ["m", 60 * 1_000],
  ["s", 1_000],
  ["ms", 1],
] as const;

/** @param ms  a whole number, not negative */
export function friendlyDuration(ms: number): string {
  let rest = ms;
  const words: string[] = [];
  for (const [unit, unitMs] of units) {
    const count = Math.floor(rest / unitMs);
    if (count > 0) words.push(`${count}${unit}`);
    rest -= count * unitMs;
  }
  return words.length === 0 ? "0s" : words.join(" ");
}
