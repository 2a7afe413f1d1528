import { expect, test } from "vitest";
import { Turns } from "./turns.js";

test("only so many work at the same time, in the order in which they came, whatever becomes of those before", async () => {
  const turns = new Turns(2);
  const begun: number[] = [];
  const ends: ((error?: Error) => void)[] = [];
  const working = [0, 1, 2, 3].map((n) =>
    turns.take(
      () =>
        new Promise<number>((resolve, reject) => {
          begun.push(n);
          ends[n] = (error): void => (error === undefined ? resolve(n) : reject(error));
        }),
    ),
  );

  expect(begun).toEqual([0, 1]);
  ends[1]?.(new Error("it did not work"));
  await expect(working[1]).rejects.toThrow("it did not work");
  expect(begun).toEqual([0, 1, 2]);
  ends[0]?.();
  expect(await working[0]).toBe(0);
  expect(begun).toEqual([0, 1, 2, 3]);
  ends[2]?.();
  ends[3]?.();
  expect(await Promise.all([working[2], working[3]])).toEqual([2, 3]);
  expect(await turns.take(() => Promise.resolve(4))).toBe(4);
});
