import { duplexPair } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GoneSignal } from "../shard/gone-signal.js";
import { Overloaded, Unavailable, type Gone } from "../shard/invocations.js";
import { LifeOver } from "../shard/watches.js";
import { Link } from "./link.js";

interface Methods {
  echo(value: unknown): unknown;
  note(value: number): void;
  fail(error: unknown): Promise<never>;
  wait(name: string, gone: Gone): Promise<string>;
}

/** Two sides; what is noted and asked of the second. */
function linked(): {
  near: Link<Methods>;
  far: Link<Methods>;
  noted: number[];
  waits: Map<string, Gone>;
} {
  const [one, other] = duplexPair();
  const noted: number[] = [];
  const waits = new Map<string, Gone>();
  const methods: Methods = {
    echo: (value) => value,
    note: (value) => void noted.push(value),
    fail: (kind) => {
      throw errors[String(kind)] ?? new Error("unknown");
    },
    wait: (name, gone) => {
      waits.set(name, gone);
      return new Promise(() => undefined);
    },
  };
  return { near: new Link(one, {}), far: new Link(other, methods), noted, waits };
}

const errors: Readonly<Record<string, Error>> = {
  overloaded: new Overloaded("too much", 7, 3),
  unavailable: new Unavailable("PDR1104", "the disk is full"),
  lifeOver: new LifeOver("another life"),
  other: new TypeError("broken"),
};

/** Resolves when nobody waits for a call any more. */
async function abortOf(gone: Gone | undefined): Promise<void> {
  await new Promise<void>((resolve) => {
    gone?.addEventListener("abort", resolve);
  });
}

describe("a link", () => {
  test("answers calls, whatever they carry", async () => {
    const { near } = linked();
    const values = [1, "two", 3n, new Map([["k", new Uint8Array([1, 2])]]), undefined, Infinity];

    const answers = await Promise.all(values.map((value) => near.call("echo", value)));

    expect(answers).toEqual(values);
  });

  test("keeps the order of what is said, in calls and without", async () => {
    const { near, noted } = linked();
    for (let at = 0; at < 1_000; at++) {
      near.tell("note", at);
      if (at % 100 === 0) await near.call("echo", at);
    }
    await near.call("echo", "all");

    expect(noted).toEqual([...Array(1_000).keys()]);
  });

  test("carries values that are larger than what a socket takes at a time", async () => {
    const { near } = linked();
    const large = new Uint8Array(5_000_000).map((_, at) => at % 251);

    const answer = (await near.call("echo", large)) as Uint8Array;

    expect(Buffer.compare(answer, large)).toBe(0);
  });

  test("hands on errors as what callers know them for", async () => {
    const { near } = linked();

    await expect(near.call("fail", "overloaded")).rejects.toMatchObject({
      name: "Overloaded",
      message: "too much",
      retryAfterSeconds: 7,
      holdBackMs: 3,
    });
    await expect(near.call("fail", "overloaded")).rejects.toBeInstanceOf(Overloaded);
    await expect(near.call("fail", "unavailable")).rejects.toBeInstanceOf(Unavailable);
    await expect(near.call("fail", "unavailable")).rejects.toMatchObject({ code: "PDR1104" });
    await expect(near.call("fail", "lifeOver")).rejects.toBeInstanceOf(LifeOver);
    await expect(near.call("fail", "other")).rejects.toThrow("broken");
  });

  test("tells the other side when nobody waits any more", async () => {
    const { near, waits } = linked();
    const gone = new GoneSignal();
    void near.call("wait", "result", gone);
    await near.call("echo", "");
    const told = abortOf(waits.get("result"));

    gone.abort();

    await told;
  });

  test("that ends fails what waits, and tells the other side that nobody does", async () => {
    const { near, far, waits } = linked();
    const waiting = near.call("wait", "result");
    await near.call("echo", "");
    const told = abortOf(waits.get("result"));

    near.close();

    await expect(waiting).rejects.toMatchObject({ name: "Unavailable", code: "PDR1301" });
    await expect(near.call("echo", 1)).rejects.toMatchObject({ code: "PDR1301" });
    far.close();
    await told;
  });

  test("finds its messages in whatever pieces they arrive", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1, maxLength: 9 }),
        async (values, sizes) => {
          const [one, between] = duplexPair();
          const [other, beyond] = duplexPair();
          let turn = 0;
          between.on("data", (bytes: Buffer) => {
            for (let at = 0; at < bytes.length;) {
              const size = sizes[turn++ % sizes.length] ?? 1;
              other.write(bytes.subarray(at, at + size));
              at += size;
            }
          });
          other.on("data", (bytes: Buffer) => between.write(bytes));
          const near = new Link<Methods>(one, {});
          const methods: Pick<Methods, "echo"> = { echo: (value) => value };
          const far = new Link<Methods>(beyond, methods);

          const answers = await Promise.all(values.map((value) => near.call("echo", value)));

          expect(answers.map((bytes) => [...(bytes as Uint8Array)])).toEqual(
            values.map((bytes) => [...bytes]),
          );
          near.close();
          far.close();
        },
      ),
    );
  });
});
