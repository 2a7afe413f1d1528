import { expect, test } from "vitest";
import { MappedPages } from "./mapped-pages.js";

const mb = 1024 * 1024;
const program = 50 * mb;

class World {
  now = 0;
  fileBytes: number | undefined = program;
  readonly pages = new MappedPages({ fileBytes: () => this.fileBytes, now: () => this.now });

  /** How often pages are let go of while the store's pages grow, looked at each second. */
  letGoWhileGrowing(seconds: number, bytesPerSecond: number): number {
    let times = 0;
    for (let second = 0; second < seconds; second++) {
      this.now += 1_000;
      this.fileBytes = (this.fileBytes ?? 0) + bytesPerSecond;
      if (!this.pages.areMany) continue;
      this.fileBytes = program;
      this.pages.letGo();
      times++;
    }
    return times;
  }
}

test("What the program itself has mapped does not count", () => {
  const world = new World();
  world.now = 60_000;

  expect(world.pages.areMany).toBe(false);
});

test("Pages that the store has mapped are many from 8 MB on", () => {
  const world = new World();
  world.now = 60_000;
  world.fileBytes = program + 8 * mb;
  const before = world.pages.areMany;
  world.now = 120_000;
  world.fileBytes += 1;

  expect([before, world.pages.areMany]).toEqual([false, true]);
});

test("A store that grows fast for minutes never has many pages mapped for long", () => {
  expect(new World().letGoWhileGrowing(200, 20 * mb)).toBe(200);
});

test("Pages that are in use all the time are let go of every five minutes", () => {
  const world = new World();
  world.letGoWhileGrowing(3_600, 100 * mb);

  expect(world.letGoWhileGrowing(3_600, 100 * mb)).toBe(12);
});

test("Where nobody knows what is mapped nothing is let go of", () => {
  const world = new World();
  world.fileBytes = undefined;

  expect(new MappedPages({ fileBytes: () => undefined, now: () => world.now }).areMany).toBe(false);
  expect(world.pages.areMany).toBe(false);
});
