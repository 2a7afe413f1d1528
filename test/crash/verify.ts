// What must hold when everything has ended, however often what was killed.
//   V1. Each accepted workflow has one result, and it is the right one.
//   V2. A step whose result was recorded did not run again; one that was in flight ran again at most once for each kill.
//   V3. Results, state and the effects that steps left agree.
//   V4. Sums are exact: each posting took place once.
//   V5. Postings to one key took place one after the other, those of one sender in the order of sending.

import { expect } from "vitest";
import type { ServerProcess } from "../harness/server-process.js";
import { byWho, orderOf, readEffects, repeatedAfterUse, repeatsOf } from "./effects.js";
import { createCallers, inTurn, type Traffic } from "./traffic.js";
import { chained, emptyLedger, quoteSteps, type Effect, type LedgerState } from "./trip-types.js";

export interface Findings {
  readonly executions: number;
  /** Executions of steps beyond the first. */
  readonly repeats: number;
}

const checksAtOnce = 16;

export async function verify(
  server: ServerProcess,
  traffic: Traffic,
  effectsFile: string,
  kills: number,
): Promise<Findings> {
  const ledgers = await closeLedgers(server, traffic);
  // All that was accepted has ended: no more effects come.
  const effects = readEffects(effectsFile);
  const grouped = byWho(effects);
  verifyResults(traffic, grouped);
  expect(repeatedAfterUse(effects)).toEqual([]);
  const repeats = verifyRepeats(grouped, kills);
  await verifyState(server, traffic);
  verifyLedgers(traffic, ledgers, grouped);
  await verifyStable(server, traffic);
  return { executions: effects.length, repeats };
}

function verifyResults(
  { inputs, results, quotes }: Traffic,
  grouped: ReadonlyMap<string, readonly Effect[]>,
): void {
  expect([...results.keys()].sort()).toEqual([...inputs.keys()].sort());
  for (const [trip, result] of results) {
    const valuesOf = (step: string): string[] =>
      (grouped.get(`trip ${trip}`) ?? [])
        .filter((one) => one.step === step)
        .map((one) => one.value);
    for (const step of ["token", "left", "right", "last"] as const) {
      expect(valuesOf(step), `${trip}: ${step}`).toContain(result[step]);
    }
    expect(result.confirmed, `${trip}: confirmed`).toBe(result.token);
    expect(result.doubled, `${trip}: doubled`).toBe((inputs.get(trip)?.number ?? NaN) * 2);
    // The last step was given what the result says.
    const last = grouped.get(`trip ${trip}`)?.find(({ value }) => value === result.last);
    expect(last?.used, trip).toEqual([result.token, result.left, result.right, result.confirmed]);
  }
  for (const [id, values] of quotes) {
    const left = (grouped.get(`quote ${id}`) ?? []).map((one) => one.value);
    expect(values, id).toHaveLength(quoteSteps);
    expect(left, id).toEqual(expect.arrayContaining([...values]));
  }
}

function verifyRepeats(grouped: ReadonlyMap<string, readonly Effect[]>, kills: number): number {
  let all = 0;
  for (const [who, own] of grouped) {
    if (who.startsWith("ledger ")) {
      const counts = new Map<string, number>();
      for (const { step } of own) counts.set(step, (counts.get(step) ?? 0) + 1);
      for (const [step, count] of counts) {
        expect(count - 1, `repeats of ${step} at ${who}`).toBeLessThanOrEqual(kills);
      }
      // One at a time: of all postings to a key, one can have been in flight at each kill.
      const repeats = own.length - counts.size;
      expect(repeats, `repeats of ${who}`).toBeLessThanOrEqual(kills);
      all += repeats;
    } else {
      const repeats = repeatsOf(own, ["left", "right"]);
      expect(repeats, `repeats of ${who}`).toBeLessThanOrEqual(kills);
      all += repeats;
    }
  }
  return all;
}

async function verifyState(server: ServerProcess, { results }: Traffic): Promise<void> {
  const checks = [...results].map(([trip, { token, last }]) => async () => {
    const { json } = await server.ingress.post(`/restate/call/Trip/${trip}/state`);
    expect(json, `state of ${trip}`).toEqual({ token, last });
  });
  await inTurn(checks, checksAtOnce);
}

/** Stands in line behind all postings: when it is answered, they have ended. */
async function closeLedgers(
  server: ServerProcess,
  traffic: Traffic,
): Promise<ReadonlyMap<string, LedgerState>> {
  const ledgers = [...expectedLedgers(traffic).keys()].map(async (ledger) => {
    const { json } = await server.ingress.post(`/restate/call/Ledger/${ledger}/close`);
    return [ledger, json as LedgerState] as const;
  });
  return new Map(await Promise.all(ledgers));
}

function verifyLedgers(
  traffic: Traffic,
  ledgers: ReadonlyMap<string, LedgerState>,
  grouped: ReadonlyMap<string, readonly Effect[]>,
): void {
  for (const [ledger, { total, ops }] of expectedLedgers(traffic)) {
    const order = orderOf(grouped.get(`ledger ${ledger}`) ?? []);
    expect([...order].sort(), `postings of ${ledger}, each once`).toEqual([...ops].sort());
    // The effects took place in the order that the state tells: alone, one after the other.
    const chain = order.reduce(chained, emptyLedger.chain);
    expect(ledgers.get(ledger), ledger).toEqual({ total, count: ops.length, chain });
    const at = new Map(order.map((op, index) => [op, index]));
    for (const op of order.filter((one) => one.endsWith(":first"))) {
      const second = op.replace(":first", ":second");
      expect(at.get(second), `${second} after ${op}`).toBeGreaterThan(at.get(op) ?? NaN);
    }
    for (const produced of traffic.produced.filter((one) => one.ledger === ledger)) {
      const sent = new Set(produced.ops);
      const own = order.filter((op) => sent.has(op));
      expect(own, `order of a producer at ${ledger}`).toEqual(produced.ops);
    }
  }
}

function expectedLedgers({
  inputs,
  produced,
}: Traffic): Map<string, { total: number; readonly ops: string[] }> {
  const expected = new Map<string, { total: number; readonly ops: string[] }>();
  const post = (ledger: string, op: string, amount: number): void => {
    const known = expected.get(ledger) ?? { total: 0, ops: [] };
    known.total += amount;
    known.ops.push(op);
    expected.set(ledger, known);
  };
  for (const [trip, { number, ledgers }] of inputs) {
    post(ledgers[0], `${trip}:call`, number);
    post(ledgers[1], `${trip}:first`, 1);
    post(ledgers[1], `${trip}:second`, 1);
  }
  for (const { ledger, ops } of produced) for (const op of ops) post(ledger, op, 1);
  return expected;
}

/** Asked again, everything is as it was. */
async function verifyStable(server: ServerProcess, { results, quotes }: Traffic): Promise<void> {
  const callers = createCallers(server);
  const checks = [
    ...[...results].map(([trip, result]) => async () => {
      expect(await callers.attach(trip), trip).toEqual(result);
    }),
    ...[...quotes].map(([id, values]) => async () => {
      expect(await callers.quote(id), id).toEqual(values);
    }),
  ];
  await inTurn(checks, checksAtOnce);
}
