import { describe, expect, test } from "vitest";
import { call } from "../core/commands.fixture.js";
import {
  A,
  B,
  appended,
  calleeOf,
  idOf,
  plain,
  reaching,
  submitted,
} from "../core/events.fixture.js";
import { startPartition } from "../core/partition.fixture.js";
import { Deliveries } from "./deliveries.js";

describe("receipts", () => {
  test("tell each sender the last of what each receiver has logged, once", () => {
    const deliveries = new Deliveries();
    deliveries.received(1, 8, 1);
    deliveries.received(1, 8, 2);
    deliveries.received(1, 9, 7);
    deliveries.received(2, 8, 4);

    const receipts = deliveries.takeReceipts().map(({ partition, delivered }) => ({
      partition,
      to: delivered.to.map((to) => [to.partition, to.sequence]),
    }));

    expect(receipts).toEqual([
      {
        partition: 1,
        to: [
          [8, 2],
          [9, 7],
        ],
      },
      { partition: 2, to: [[8, 4]] },
    ]);
    expect(deliveries.takeReceipts()).toEqual([]);
  });
});

describe("what is unsent", () => {
  test("comes in the order in which each receiver must see it", () => {
    const partition = startPartition();
    const calls = [9, 5, 9].map((to, n) => {
      const callee = calleeOf(idOf(B, to), { partition: to, runId: B, target: plain() });
      return reaching(call(1 + 2 * n, 2 + 2 * n), callee);
    });
    partition.apply(submitted(A, plain()), appended(A, calls));

    const unsent = [...new Deliveries().unsent(partition.tables)];

    expect(unsent.map(({ to, sequence }) => [to, sequence])).toEqual([
      [5, 1],
      [9, 1],
      [9, 2],
    ]);
    expect(unsent[0]?.message.message.case).toBe("invoke");
  });
});
