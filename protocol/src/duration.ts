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
      [["ns", "nano", "nanos", "nanosecond", "nanoseconds", "nsec", "nsecs"], 1e-6],
      [["us", "µs", "μs", "micro", "micros", "microsecond", "microseconds", "usec", "usecs"], 1e-3],
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
/** An amount and its unit, up to the next amount (after blanks and at most one comma) or the end. */
const friendlyPattern = /(\d+(?:[.,]\d+)?)\s*([a-zµμ]+)(?:\s*,?\s*(?=\d)|$)/giy;
/** Hours, minutes and seconds as a clock shows them, after all units. */
const clockPattern = /(\d+):([0-5]?\d):([0-5]?\d(?:[.,]\d+)?)$/y;

/**
 * Reads ISO-8601 ("PT1M30S") or friendly text ("1m 30s", "60 sec", "500ms", "2 days, 08:30:00"). Years and months,
 * which have no fixed length, and negative durations are none.
 * @returns whole milliseconds (a fraction rounds up, so that a delay never ends early), or undefined if the text is neither
 */
export function parseDuration(text: string): number | undefined {
  const trimmed = text.trim().replace(/^\+/, "");
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
    return amount === undefined ? sum : sum + amountOf(amount) * unit;
  }, 0);
}

function parseFriendly(text: string): number | undefined {
  let at = 0;
  let sum = 0;
  while (at < text.length) {
    friendlyPattern.lastIndex = at;
    const match = friendlyPattern.exec(text);
    if (match === null) {
      const clock = parseClock(text, at);
      return clock === undefined ? undefined : sum + clock;
    }
    const ms = unitMs.get((match[2] ?? "").toLowerCase());
    if (ms === undefined) return undefined;
    sum += amountOf(match[1]) * ms;
    at = friendlyPattern.lastIndex;
  }
  return sum;
}

function parseClock(text: string, at: number): number | undefined {
  clockPattern.lastIndex = at;
  const match = clockPattern.exec(text);
  if (match === null) return undefined;
  const [, hours, minutes, seconds] = match;
  return amountOf(hours) * hourMs + amountOf(minutes) * minuteMs + amountOf(seconds) * secondMs;
}

function amountOf(digits = ""): number {
  return Number(digits.replace(",", "."));
}
