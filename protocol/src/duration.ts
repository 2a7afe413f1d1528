// Durations at the border: numbers of milliseconds, objects of units, ISO-8601 and friendly text.

/** Milliseconds, or units that are added up. */
export type Duration =
  | number
  | {
      readonly days?: number;
      readonly hours?: number;
      readonly minutes?: number;
      readonly seconds?: number;
      readonly milliseconds?: number;
    };

const secondMs = 1_000;
const minuteMs = 60 * secondMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** Milliseconds, truncated to a whole number. */
export function millisOf(duration: Duration): number {
  if (typeof duration === "number") return Math.trunc(duration);
  const { days = 0, hours = 0, minutes = 0, seconds = 0, milliseconds = 0 } = duration;
  return Math.trunc(
    days * dayMs + hours * hourMs + minutes * minuteMs + seconds * secondMs + milliseconds,
  );
}

const unitMs: ReadonlyMap<string, number> = new Map(
  (
    [
      [["ns", "nano", "nanos", "nanosecond", "nanoseconds", "nsec"], 1e-6],
      [["us", "µs", "μs", "micro", "micros", "microsecond", "microseconds", "usec"], 1e-3],
      [["ms", "milli", "millis", "millisecond", "milliseconds", "msec", "msecs"], 1],
      [["s", "sec", "secs", "second", "seconds"], secondMs],
      [["m", "min", "mins", "minute", "minutes"], minuteMs],
      [["h", "hr", "hrs", "hour", "hours"], hourMs],
      [["d", "day", "days"], dayMs],
      [["w", "wk", "wks", "week", "weeks"], 7 * dayMs],
    ] as const
  ).flatMap(([names, ms]) => names.map((name): [string, number] => [name, ms])),
);

const isoPattern =
  /^P(?:(\d+(?:[.,]\d+)?)W)?(?:(\d+(?:[.,]\d+)?)D)?(?:T(?:(\d+(?:[.,]\d+)?)H)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)S)?)?$/i;
const isoUnitsMs = [7 * dayMs, dayMs, hourMs, minuteMs, secondMs];
const friendlyPattern = /(\d+(?:\.\d+)?)\s*([a-zµμ]+)\s*,?\s*/giy;

/**
 * Reads ISO-8601 ("PT1M30S") or friendly text ("1m 30s", "60 sec", "500ms").
 * @returns whole milliseconds (a fraction rounds up, so that a delay never ends early), or undefined if the text is neither
 */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  const ms = /^p/i.test(trimmed) ? parseIso(trimmed) : parseFriendly(trimmed);
  const whole = ms === undefined ? NaN : roundUp(ms);
  return Number.isSafeInteger(whole) ? whole : undefined;
}

/** 4195225.337 s are 4195225337.0000005 ms in floating point, but not a millisecond more than was said. */
function roundUp(ms: number): number {
  const nearest = Math.round(ms);
  const noise = 1e-7 + ms * 1e-15;
  return Math.abs(ms - nearest) <= noise ? nearest : Math.ceil(ms);
}

function parseIso(text: string): number | undefined {
  const match = isoPattern.exec(text);
  if (match === null || /[pt]$/i.test(text)) return undefined;
  return isoUnitsMs.reduce((sum, unit, at) => {
    const amount = match[at + 1];
    return amount === undefined ? sum : sum + Number(amount.replace(",", ".")) * unit;
  }, 0);
}

function parseFriendly(text: string): number | undefined {
  friendlyPattern.lastIndex = 0;
  let sum = 0;
  while (friendlyPattern.lastIndex < text.length) {
    const match = friendlyPattern.exec(text);
    const ms = match === null ? undefined : unitMs.get((match[2] ?? "").toLowerCase());
    if (match === null || ms === undefined) return undefined;
    sum += Number(match[1]) * ms;
  }
  return sum;
}
