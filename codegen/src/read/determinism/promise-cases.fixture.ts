// Steps, durable promises, catches; and suppressions of findings.

import type { Groups } from "./cases.fixture.js";

export const promiseCases: Groups = {
  "a step": {
    "does not use the context": {
      module: `
        async function helper(context: Context) { await context.sleep(1); } //! PDR6210
        const name = (context: Context) => context.request().id;`,
      body: `
        const promise = ctx.sleep(5);
        await ctx.run("bad", async () => {
          await ctx.sleep(1); //! PDR6210
          await ctx.run("inner", () => 1); //! PDR6210
          await ctx.serviceClient(Other).echo(1); //! PDR6210
          ctx.serviceSendClient(Other).echo(1); //! PDR6210
          const { id } = ctx.awakeable(); //! PDR6210
          await helper(ctx);
          await promise; //! PDR6210
          return id + ctx.rand.uuidv4(); //? PDR6210
        });
        await ctx.run("good", ({ signal }) => {
          ctx.console.log(ctx.request().id, name(ctx), signal.aborted);
        });`,
    },
  },
  "durable promises": {
    "are combined by the SDK": {
      body: `
        const steps = [ctx.run("a", () => 1), ctx.run("b", () => 2)];
        const one = await Promise.race([ctx.sleep(1), ctx.run("c", () => 1)]); //! PDR6211
        const two = await Promise.any(steps); //! PDR6211
        const all = await Promise.all(steps); //? PDR6211
        const mapped = await Promise.all([1, 2].map((id) => ctx.run("d", () => id))); //? PDR6211
        const settled = await Promise.allSettled(steps);
        const good = await DurablePromise.race([ctx.sleep(1), ctx.sleep(2)]);
        return [one, two, all, mapped, settled, good, await Promise.all([Promise.resolve(1)])];`,
    },
    "race one another, and nothing else does": {
      body: `
        const other = async () => 1;
        await ctx.run("inside", () => Promise.race([fetch("a"), fetch("b")]));
        return Promise.race([other(), other()]); //! PDR6213`,
    },
    "are awaited": {
      module: `
        async function report(context: Context) { await context.run("report", () => 1); }
        async function pure() { return 1; }`,
      body: `
        ctx.run("a", () => 1); //! PDR6212
        void ctx.run("b", () => 1); //! PDR6212
        ctx.sleep(1); //! PDR6212
        ctx.serviceClient(Other).echo(1); //? PDR6212
        void ctx.serviceClient(Other).echo(1);
        ctx.serviceSendClient(Other).echo(1);
        const unused = ctx.run("c", () => 1); //! PDR6212
        const used = ctx.run("d", () => 1);
        ctx.sleep(5).map(() => 1); //! PDR6212
        ctx.sleep(5).then(() => 1); //? PDR6212
        report(ctx); //! PDR6212
        pure();
        const going = report(ctx);
        [1, 2].forEach(async (id) => { //! PDR6212
          await ctx.run("each", () => id);
        });
        [1, 2].forEach((id) => ctx.console.log(id));
        [1, 2].forEach((id) => ctx.serviceSendClient(Other).echo(id));
        [1, 2].forEach((id) => ctx.run("each", () => id)); //! PDR6212
        [1, 2].map((id) => ctx.run("each", () => id)); //! PDR6212
        await going;
        return used;`,
    },
    "may be returned, mapped and kept": {
      body: `
        const open: DurablePromise<number>[] = [];
        for (const id of [1, 2]) open.push(ctx.run("one", () => id));
        const limited = ctx.sleep(1).orTimeout(5);
        const byName = { first: ctx.run("first", () => 1) };
        await limited;
        await byName.first;
        return DurablePromise.all(open);`,
    },
  },
  order: {
    "is recorded": {
      module: `async function* lines() { yield "a"; }`,
      body: `
        const seen: string[] = [];
        for await (const line of lines()) seen.push(line); //! PDR6213
        for (const key in { a: 1 }) seen.push(key);
        for (const key of Object.keys(input)) seen.push(key);
        for (const one of new Set(seen)) await ctx.run(one, () => 1);
        for await (const one of [ctx.run("x", () => 1)]) seen.push(String(one));
        return seen;`,
    },
  },
  "a catch": {
    "does not swallow everything": {
      module: `async function both(context: Context) { await context.sleep(1); await context.sleep(2); }`,
      body: `
        try {
          await ctx.serviceClient(Other).echo(1);
        } catch {} //? PDR6214
        try {
          await ctx.sleep(1);
        } catch (error) { //? PDR6214
          console.error("failed", error);
          ctx.console.log(error);
        }
        try {
          await both(ctx);
        } catch { //? PDR6214
          // whatever
        }
        await ctx.sleep(1).catch(() => undefined); //? PDR6214`,
    },
    "may compensate, rethrow, remember and answer": {
      body: `
        const seen: string[] = [];
        try {
          await ctx.sleep(1);
        } catch (error) {
          if (!isTerminalError(error)) throw error;
          await ctx.run("undo", () => fetch("undo"));
        }
        try {
          await ctx.sleep(1);
        } catch (error) {
          seen.push(String(error));
        }
        try {
          await ctx.sleep(1);
        } catch {
          return "no answer";
        }
        try {
          JSON.parse("{");
        } catch {}
        await ctx.run("tolerant", async () => {
          try { await fetch("x"); } catch {}
        });
        try {
          await ctx.run("mail", () => fetch("mail"), { maxRetryAttempts: 3 });
        } catch (error) {
          ctx.console.log("goes on without a mail", error);
        }`,
    },
  },
  "a suppression": {
    "covers its line or the next one": {
      body: `
        const a = Date.now(); // perdure-ignore PDR6201: for a log alone
        // perdure-ignore PDR6201: for a log alone
        const b = Date.now();
        // perdure-ignore PDR6201, PDR6202: for a log alone
        // (another comment)
        const c =
          Date.now() + Math.random();
        const d = Date.now(); //! PDR6201
        return [a, b, c, d];`,
    },
    "covers the function whose JSDoc it is in": {
      module: `
        /**
         * For a log.
         * perdure-ignore PDR6201: never decides anything
         */
        function stamp() {
          const at = Date.now();
          return at + new Date().getTime();
        }
        /** @perdure-ignore PDR6202: as above */
        const salt = () => Math.random();`,
      body: `return [stamp(), salt()];`,
    },
    "says why": {
      body: `
        const a = Date.now(); // perdure-ignore PDR6201 //! PDR6220
        const b = Date.now(); // perdure-ignore //! PDR6220 //! PDR6201
        return [a, b];`,
    },
    "suppresses something": {
      module: `
        // perdure-ignore PDR6201: it was here once //? PDR6221
        const x = 1;`,
      body: `
        const a = x; // perdure-ignore PDR6202: nothing is drawn //? PDR6221
        const text = "perdure-ignore PDR6202";
        // perdure-ignore PDR6202: another rule is broken //? PDR6221
        return [a, text, Date.now()]; //! PDR6201`,
    },
  },
};
