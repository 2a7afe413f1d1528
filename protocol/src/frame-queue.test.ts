import { describe, expect, test } from "vitest";
import { FrameQueue } from "./frame-queue.fixture.js";

async function drain(queue: FrameQueue<number>): Promise<number[][]> {
  const messages: number[][] = [];
  for await (const { frames } of queue) messages.push(frames);
  return messages;
}

describe("a frame queue", () => {
  test("puts what is pushed within one turn into one message", async () => {
    const queue = new FrameQueue<number>();
    const messages = queue[Symbol.asyncIterator]();
    const first = messages.next();
    queue.push(1);
    queue.push(2);
    queue.push(3);

    expect((await first).value).toEqual({ frames: [1, 2, 3] });

    queue.push(4);
    expect((await messages.next()).value).toEqual({ frames: [4] });
  });

  test("cuts what is much into several messages, in order", async () => {
    const queue = new FrameQueue<number>();
    const all = Array.from({ length: 1_234 }, (_, n) => n);
    for (const n of all) queue.push(n);
    queue.close();

    const messages = await drain(queue);

    expect(messages.map((frames) => frames.length)).toEqual([500, 500, 234]);
    expect(messages.flat()).toEqual(all);
  });

  test("that is closed still gives what was pushed before, and takes nothing more", async () => {
    const queue = new FrameQueue<number>();
    queue.push(1);
    queue.close();
    queue.push(2);

    expect(await drain(queue)).toEqual([[1]]);
  });

  test("that is closed while its reader waits ends", async () => {
    const queue = new FrameQueue<number>();
    const drained = drain(queue);
    await Promise.resolve();

    queue.close();

    expect(await drained).toEqual([]);
  });
});
