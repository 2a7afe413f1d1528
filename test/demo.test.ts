// `npm run demo`, as a process, on free ports: it checks everything that it tells, so its exit code says
// most; the lines say that it told it. Its own processes must be gone when it ends, however it ends.
import { spawn } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, test } from "vitest";
import { rootFolder } from "./tidy/repository.js";

const demo = ["--conditions=source", "--import", "tsx", "examples/tour/demo/main.ts"];

interface Demo {
  readonly lines: readonly string[];
  /** The exit code, once it ended and all its output is there. */
  readonly ended: Promise<number | null>;
  /** The first line that the pattern matches, also if it came before. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  signal(signal: NodeJS.Signals): void;
}

const running = new Set<Demo>();

afterEach(async () => {
  for (const { signal, ended } of running) {
    signal("SIGTERM");
    await ended;
  }
});

function startDemo(...args: string[]): Demo {
  const child = spawn(process.execPath, [...demo, "--ports", "any", ...args], {
    cwd: rootFolder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const lines: string[] = [];
  const watchers = new Set<(line: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      for (const watch of watchers) watch(line);
    });
  }
  const ended = new Promise<number | null>((resolve) => {
    child.once("close", resolve);
  });
  const started: Demo = {
    lines,
    ended: ended.finally(() => running.delete(started)),
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const watch = (line: string): void => {
          const found = pattern.exec(line);
          if (found !== null) resolve(found);
        };
        watchers.add(watch);
        for (const line of lines) watch(line);
        void ended.then(() => {
          reject(new Error(`no line like ${String(pattern)} in:\n${lines.join("\n")}`));
        });
      }),
    signal: (signal) => child.kill(signal),
  };
  running.add(started);
  return started;
}

/** All processes that the demo says it started, and that still exist. */
function survivors({ lines }: Demo): number[] {
  const pids = lines.flatMap((line) => [...line.matchAll(/\bpid (\d+)/g)].map((m) => Number(m[1])));
  expect(pids.length).toBeGreaterThanOrEqual(2);
  return pids.filter((pid) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  });
}

describe("the demo", () => {
  test("runs all workflows, survives what it kills, and ends with 0", async () => {
    const story = startDemo();

    const exitCode = await story.ended;

    const text = story.lines.join("\n");
    expect(exitCode === 0 ? "ended with 0" : text).toBe("ended with 0");
    for (const title of [
      /^1\. SignupWorkflow:/m,
      /^2\. SignupWithActivitiesWorkflow:/m,
      /^3\. SignupWithQueriesWorkflow:/m,
      /^4\. SignupWithSignalsWorkflow:/m,
      /^5\. SignupWithEventsWorkflow:/m,
      /^6\. SignupWithTimersWorkflow:/m,
      /^7\. SignupWithRetriesWorkflow:/m,
      /^8\. SignupWithSagasWorkflow:/m,
      /^9\. signup:/m,
      /^ {3}And typed:/m,
    ]) {
      expect(text).toMatch(title);
    }
    expect(text).toMatch(/kill -9 \d+ {2}the services/);
    expect(text).toMatch(/kill -9 \d+ {2}the server/);
    expect(text).toContain("recorded steps were not repeated");
    expect(text).toMatch(/✓ \d+ steps ran, in order, and none that was recorded ran twice/);
    expect(text).toContain("npx perdure server");
    expect(survivors(story)).toEqual([]);
  });

  test("ends what it started when it is interrupted in the middle", async () => {
    const story = startDemo();
    await story.line(/^1\. SignupWorkflow:/);

    story.signal("SIGINT");

    expect(await story.ended).toBe(130);
    expect(survivors(story)).toEqual([]);
  });

  test("fails with a reason when one of its processes dies by another hand", async () => {
    const story = startDemo();
    const [, pid] = await story.line(/server +pid (\d+)/);
    await story.line(/^1\. SignupWorkflow:/);

    process.kill(Number(pid), "SIGKILL");

    expect(await story.ended).toBe(1);
    expect(story.lines.join("\n")).toContain("The demo failed: the server ended with SIGKILL");
    const [, directory = ""] = await story.line(/^Data and logs are in (.*)$/);
    expect(readdirSync(directory).sort()).toEqual(["data", "server.log", "services.log"]);
    rmSync(directory, { recursive: true });
    expect(survivors(story)).toEqual([]);
  });
});
