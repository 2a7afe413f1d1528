// Times as people and clients read them.

/** The last time that has a text: what is due at the end of time is due then. */
const lastMs = 8_640_000_000_000_000;

/** @param ms  epoch milliseconds; may be later than any date */
export function timeText(ms: number): string {
  return new Date(Math.min(ms, lastMs)).toISOString();
}
