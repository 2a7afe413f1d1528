// Functions that handlers reach, what they share, and code as people write it every day.

import type { Groups } from "./cases.fixture.js";

export const reachCases: Groups = {
  "functions that are reached": {
    "are checked, through helpers of helpers": {
      module: `
        function outer() { return inner(); }
        const inner = () => Math.random(); //! PDR6202
        function unreached() { return Math.random(); }
        class Ids { next() { return crypto.randomUUID(); } } //! PDR6202
        const ids = new Ids();`,
      body: `return [outer(), ids.next()];`,
    },
    "are checked as methods, getters and constructors": {
      module: `
        class Stamp {
          readonly at: number;
          constructor() { this.at = Date.now(); } //! PDR6201
          get age() { return Date.now() - this.at; } //! PDR6201
          get other() { return Date.now(); }
        }`,
      body: `return new Stamp().age;`,
    },
    "are checked where they are handed on": {
      module: `
        const salted = (value: string) => value + Math.random(); //! PDR6202
        async function twice<T>(action: () => Promise<T>) { await action(); return action(); }`,
      body: `
        const all = ["a"].map(salted);
        await twice(() => fetch("x")); //! PDR6204
        return all.map((one) => one + crypto.randomUUID()); //! PDR6202`,
    },
    "are free inside steps": {
      module: `
        const load = async () => fetch("x");
        function now() { return Date.now(); }
        async function loadLater() { return load(); }`,
      body: `
        const undo = async () => { await fetch("undo"); };
        await ctx.run("load", load);
        await ctx.run("later", () => loadLater());
        await ctx.run("undo", undo);
        await ctx.run(now);`,
    },
    "may call themselves": {
      module: `function tree(depth: number): number { return depth > 0 ? tree(depth - 1) : Math.random(); } //! PDR6202`,
      body: `return tree(3);`,
    },
    "may wrap steps": {
      module: `
        async function step<T>(context: Context, name: string, action: () => Promise<T>) {
          return context.run(name, action);
        }
        const retried = <T>(context: Context, action: () => Promise<T>) =>
          step(context, "retried", async () => action());`,
      body: `
        await step(ctx, "load", () => fetch("x"));
        await retried(ctx, async () => { await fetch("y"); });`,
    },
    "may be kept as compensations": {
      body: `
        const undo: { name: string; action: () => Promise<unknown> }[] = [];
        undo.push({ name: "refund", action: () => fetch("refund") });
        const more: (() => Promise<unknown>)[] = [() => fetch("cancel")];
        more.push(() => ctx.run("free", () => fetch("free")));
        more.push(async () => { await ctx.run("x", () => 1); await fetch("y"); }); //! PDR6204
        for (const { name, action } of undo) await ctx.run(name, action);`,
    },
  },
  "variables of the module": {
    "that change are not read": {
      module: `
        let count = 0;
        const seen = new Map<string, number>();
        const names = ["a", "b"];
        const limits = { most: 5 };
        let started = false;
        started = true;
        const written: string[] = [];`,
      body: `
        count += 1;
        if (count > 1) return 1; //? PDR6206
        seen.set("a", 1);
        const known = seen.get("a"); //? PDR6206
        written.push("a");
        return [known, names[0], limits.most, started];`,
    },
    "are not changed in steps and read outside": {
      module: `const cache = new Map<string, string>();`,
      body: `
        await ctx.run("fill", () => void cache.set("a", "b"));
        return cache.get("a"); //? PDR6206`,
    },
    "may be made when they are first needed": {
      module: `
        let client: { ask(): number } | undefined;
        let other: { ask(): number } | undefined;
        const clientOf = () => (client ??= { ask: () => 1 });
        function otherOf() {
          if (other === undefined) other = { ask: () => 2 };
          return other;
        }`,
      body: `return clientOf().ask() + otherOf().ask();`,
    },
    "may be read inside steps": {
      module: `let hits = 0;`,
      body: `return ctx.run("hit", () => ++hits);`,
    },
  },
  "fields of a service class": {
    "that change are not read": {
      members: `
        #count = 0;
        readonly #seen = new Set<string>();
        #client: { ask(): number } | undefined;
        readonly #limit = 5;`,
      body: `
        this.#count++;
        this.#seen.add("a");
        this.#client ??= { ask: () => 1 };
        if (this.#count > this.#limit) return 1; //? PDR6206
        return [this.#client.ask(), this.#seen.size]; //? PDR6206`,
    },
    "that change may be read in steps, and in objects of one's own": {
      module: `
        class Tally {
          count = 0;
          add() { return ++this.count; }
        }`,
      members: `
        #count = 0;
        async #pay(id: string) { return (await fetch(id + this.#count++)).text(); }`,
      body: `
        const tally = new Tally();
        tally.add();
        return [tally.add(), await ctx.run("pay", this.#pay.bind(this, "x"))];`,
    },
  },
  "everyday code": {
    "has no findings": {
      module: `
        import { createHash } from "node:crypto";
        import { basename } from "node:path";
        type Order = { id: string; placedAt: string; lines: { sku: string; price: number }[] };
        class Repository {
          readonly #base: string;
          constructor(base = process.env["BASE"] ?? "http://localhost") { this.#base = base; }
          async load(id: string): Promise<Order> {
            const response = await fetch(this.#base + id);
            return (await response.json()) as Order;
          }
        }
        const repository = new Repository();
        const handlersByKind: Record<string, (order: Order) => number> = { sum };
        const vat = new Map([["de", 0.19], ["fr", 0.2]]);
        function sum({ lines }: Order): number {
          return lines.map(({ price }) => price).reduce((a, b) => a + b, 0);
        }
        class Saga {
          readonly #undo: (() => Promise<unknown>)[] = [];
          add(undo: () => Promise<unknown>) { this.#undo.push(undo); }
          async compensate() { for (const undo of this.#undo.reverse()) await undo(); }
        }
        async function withRetries<T>(ctx: Context, name: string, action: () => Promise<T>) {
          for (let attempt = 1; ; attempt++) {
            try {
              return await ctx.run(name, action, { maxRetryAttempts: 1 });
            } catch (error) {
              if (attempt === 3) throw error;
              await ctx.sleep(attempt * 1000);
            }
          }
        }`,
      body: `
        const saga = new Saga();
        try {
          const order = await withRetries(ctx, "load", () => repository.load(input));
          saga.add(() => ctx.run("forget", async () => { await fetch("forget"); }));
          const age = (await ctx.date.now()) - new Date(order.placedAt).getTime();
          const hash = createHash("sha256").update(order.id).digest("hex");
          const prices = new Map(order.lines.map(({ sku, price }) => [sku, price]));
          for (const [sku, price] of [...prices].sort(([a], [b]) => (a < b ? -1 : 1))) {
            await ctx.run("reserve " + sku, async () => fetch(sku + price));
          }
          const total = (handlersByKind["sum"]?.(order) ?? 0) * (1 + (vat.get("de") ?? 0));
          const clone = structuredClone(order);
          return JSON.stringify([age, hash, total, basename(clone.id), order.lines.toSorted()]);
        } catch (error) {
          await saga.compensate();
          throw error;
        }`,
    },
  },
};
