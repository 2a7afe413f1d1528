// Fuzzing: input that starts from what is valid and is then damaged, or is noise from the start. A target is a test; it runs
// for part of a second in `npm test`, and for as long as one likes with `npm run fuzz -- --seconds 60 --target NAME`.
//
// What must hold for every case: it ends in time, and ends well or with an error that the target foresees. Anything else (a
// TypeError, a RangeError, a stack that overflows) is a bug, whoever catches it later.

import fc from "fast-check";
import { expect, test } from "vitest";

const seconds = Number(process.env["PERDURE_TEST_FUZZ_SECONDS"] ?? "0.4");
const wanted = process.env["PERDURE_TEST_FUZZ_TARGET"] ?? "";
const seedText = process.env["PERDURE_TEST_FUZZ_SEED"];
const grownBytesMax = 700 * 1024 * 1024;

export interface FuzzTarget<Case> {
  readonly input: fc.Arbitrary<Case>;
  /** Throws where something is wrong. */
  readonly run: (input: Case) => unknown;
  /** Errors that say in good order what is wrong with the input. Default: none. */
  readonly refusals?: (error: Error) => boolean;
  /** A case that takes longer hangs, or will. Default 1 s: the machine may be busy. */
  readonly caseMsMax?: number;
  /** Cases between two looks at the time. Default 100; fewer where each takes long. */
  readonly casesAtOnce?: number;
  /** Of the time that each target has. Default 1. */
  readonly share?: number;
}

/** Adds a target as a test of the file. */
export function fuzz<Case>(name: string, target: FuzzTarget<Case>): void {
  const { input, run, refusals = () => false, caseMsMax = 1_000, share = 1 } = target;
  const { casesAtOnce = 100 } = target;
  const timeMs = seconds * 1_000 * share;
  test.skipIf(!name.includes(wanted))(
    `fuzz ${name}`,
    async () => {
      const rssBefore = process.memoryUsage().rss;
      const property = fc.asyncProperty(input, async (value) => {
        const from = performance.now();
        try {
          await endsWithin(caseMsMax, run(value));
        } catch (error) {
          if (!(error instanceof Error) || !refusals(error)) throw error;
        }
        const tookMs = performance.now() - from;
        if (tookMs > caseMsMax) throw new Error(`the case took ${tookMs.toFixed(0)} ms`);
      });
      let seed = seedText === undefined ? (Math.random() * 2 ** 31) | 0 : Number(seedText);
      const until = performance.now() + timeMs;
      let cases = 0;
      do {
        await fc.assert(property, { seed, numRuns: casesAtOnce, endOnFailure: seconds < 5 });
        cases += casesAtOnce;
        seed = (seed + 1) | 0;
      } while (performance.now() < until);
      const grown = process.memoryUsage().rss - rssBefore;
      expect(grown).toBeLessThan(grownBytesMax);
      if (seconds >= 5) console.log(`${name}: ${String(cases)} cases`);
    },
    timeMs + 40_000,
  );
}

/** Says so where a case never ends: then there is one to look at, and not only a test without an end. */
async function endsWithin(ms: number, running: unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const hangs = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the case does not end in ${String(ms)} ms`)), ms);
  });
  try {
    await Promise.race([running, hangs]);
  } finally {
    clearTimeout(timer);
  }
}

/** An error with a stable code. */
export function isCoded(error: Error): boolean {
  const { code } = error as { readonly code?: unknown };
  return (typeof code === "string" && /^PDR\d{4}$/.test(code)) || /PDR\d{4}/.test(error.message);
}

/** What a decoder makes of the bytes; undefined where it says that they are none of its. Only that is its right. */
export function decoded<Value>(decode: () => Value): Value | undefined {
  try {
    return decode();
  } catch (error) {
    if (/call stack|allocation|Invalid (array|string|typed)/.test(String(error))) throw error;
    return undefined;
  }
}

type Damage = (bytes: Buffer) => Buffer;

const extremes = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xff, 0xff, 0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0x80, 0x80, 0x80],
  [0, 0, 0, 0],
  [0xed, 0xa0, 0x80],
  [0xc0, 0x80],
];

/** One way to damage bytes, wherever that is. */
const damage: fc.Arbitrary<Damage> = fc
  .tuple(fc.nat(7), fc.nat(), fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 12 }))
  .map(([kind, one, two, some]) => (bytes: Buffer): Buffer => {
    const at = bytes.length === 0 ? 0 : one % (bytes.length + 1);
    const to = Math.min(bytes.length, at + (two % 40));
    switch (kind) {
      case 0:
        return flipped(bytes, at, two % 8);
      case 1:
        return Buffer.concat([bytes.subarray(0, at), some, bytes.subarray(at)]);
      case 2:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(to)]);
      case 3:
        return Buffer.concat([bytes.subarray(0, to), bytes.subarray(at)]);
      case 4:
        return bytes.subarray(0, at);
      case 5: {
        const extreme = Buffer.from(extremes[two % extremes.length] ?? []);
        return Buffer.concat([bytes.subarray(0, at), extreme, bytes.subarray(at + extreme.length)]);
      }
      case 6:
        return Buffer.concat([bytes.subarray(0, at), some, bytes.subarray(at + some.length)]);
      default:
        return flipped(bytes, at, 7);
    }
  });

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << bit);
  return copy;
}

const noise: fc.Arbitrary<Uint8Array> = fc.uint8Array({ maxLength: 300 });

/** Bytes like those of `valid`, damaged in up to six places; a tenth is noise, and some are untouched. */
export function damagedBytes(
  ...valid: readonly (Uint8Array | fc.Arbitrary<Uint8Array>)[]
): fc.Arbitrary<Uint8Array> {
  const sources = valid.map((each) => (each instanceof Uint8Array ? fc.constant(each) : each));
  const mutated = fc
    .tuple(fc.oneof(...sources), fc.array(damage, { maxLength: 6 }))
    .map(([bytes, damages]) =>
      Uint8Array.from(damages.reduce<Buffer>((found, each) => each(found), Buffer.from(bytes))),
    );
  return fc.oneof({ weight: 9, arbitrary: mutated }, { weight: 1, arbitrary: noise });
}

/** Text like that of `valid`, damaged. What is no UTF-8 afterwards has U+FFFD in its place. */
export function damagedText(...valid: readonly string[]): fc.Arbitrary<string> {
  const mutated = damagedBytes(...valid.map((text) => Buffer.from(text))).map((bytes) =>
    Buffer.from(bytes).toString("utf8"),
  );
  const odd = fc.oneof(
    fc.string({ unit: "binary", maxLength: 100 }),
    fc.constantFrom(...valid).map((text) => text.repeat(500)),
    fc.tuple(fc.constantFrom(...valid), fc.nat(20)).map(([text, at]) => {
      return text.slice(0, at) + "\u0000\ud800" + text.slice(at);
    }),
  );
  return fc.oneof({ weight: 4, arbitrary: mutated }, { weight: 1, arbitrary: odd });
}

/** JSON like that of `valid` with members damaged: other types, missing, added, nested; and damaged as text. */
export function damagedJson(...valid: readonly object[]): fc.Arbitrary<string> {
  const odd = fc.oneof(
    fc.jsonValue({ maxDepth: 3 }),
    fc.constantFrom<unknown>(1e308, -0, "", "\u0000", [], {}, null, "9".repeat(400), [[[[]]]]),
  );
  const members = fc
    .tuple(fc.constantFrom(...valid), fc.nat(), odd, fc.boolean())
    .map(([value, at, other, added]) => JSON.stringify(replaced(value, at, other, added)));
  const deep = fc
    .integer({ min: 1, max: 20_000 })
    .map((depth) => "[".repeat(depth) + "]".repeat(depth));
  const texts = damagedText(...valid.map((value) => JSON.stringify(value)));
  return fc.oneof(
    { weight: 5, arbitrary: members },
    { weight: 3, arbitrary: texts },
    { weight: 1, arbitrary: deep },
  );
}

/** `value` with the member that comes `at`-th replaced, wherever it is nested. */
function replaced(value: unknown, at: number, other: unknown, added: boolean): unknown {
  if (typeof value !== "object" || value === null) return other;
  const entries = Object.entries(value);
  const index = entries.length === 0 ? 0 : at % entries.length;
  const [name, inner] = entries[index] ?? ["x", undefined];
  const deeper = Math.floor(at / Math.max(1, entries.length));
  const isNested = typeof inner === "object" && inner !== null && deeper % 2 === 1;
  const next = isNested ? replaced(inner, deeper >> 1, other, added) : other;
  if (Array.isArray(value)) {
    return added
      ? [...(value as unknown[]), next]
      : value.map((each, n) => (n === index ? next : each) as unknown);
  }
  return { ...value, [added ? `${name}X` : name]: next };
}
