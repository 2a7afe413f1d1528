import { expect, test } from "vitest";
import { TurnWatch, type Turn } from "./turn-watch.js";

function busyFor(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

test("a turn is as long as the loop was busy in it, and knows how much came", async () => {
  const turns: Turn[] = [];
  const watch = new TurnWatch((turn) => turns.push(turn));
  await new Promise<void>((resolve) =>
    setTimeout(() => {
      watch.came();
      watch.came();
      watch.came();
      busyFor(30);
      setImmediate(resolve);
    }, 5),
  );

  expect(turns).toHaveLength(1);
  expect(turns[0]?.came).toBe(3);
  expect(turns[0]?.busyMs).toBeGreaterThan(29);
});

test("what the loop rested does not count", async () => {
  const turns: Turn[] = [];
  const watch = new TurnWatch((turn) => turns.push(turn));
  for (let count = 0; count < 2; count++) {
    await new Promise<void>((resolve) =>
      setTimeout(() => {
        watch.came();
        setImmediate(resolve);
      }, 300),
    );
  }

  expect(turns).toHaveLength(2);
  expect(turns[1]?.busyMs).toBeLessThan(200);
});
