// The world around handlers: what the checks find of it, and what they leave alone.

import type { Groups } from "./cases.fixture.js";

export const worldCases: Groups = {
  "the clock": {
    "is not read": {
      body: `
        const at = Date.now(); //! PDR6201
        const date = new Date(); //! PDR6201
        const text = Date(); //! PDR6201
        const since = performance.now(); //! PDR6201
        const precise = process.hrtime.bigint(); //! PDR6201
        const other = globalThis.Date.now(); //! PDR6201
        return [at, date, text, since, precise, other].join();`,
    },
    "may be read for a line of a log": {
      module: `const logger = { info: (...parts: unknown[]) => console.info(new Date(), ...parts) };`,
      body: `
        console.log(new Date().toISOString(), process.pid);
        ctx.console.warn(\`at \${Date.now()}\`);
        logger.info("draws", Math.random());
        console.log(await fetch("x")); //! PDR6204`,
    },
    "is not handed to others as a function": {
      body: `return [1].map(Date.now); //! PDR6201`,
    },
    "is read by the context, and inside steps": {
      body: `
        const at = await ctx.date.now();
        const step = await ctx.run("at", () => Date.now());
        const later = await ctx.run("later", async () => {
          const made = () => new Date();
          return made().toISOString();
        });
        return [at, step, later, new Date(at), new Date(input), Date.parse("2026-01-01"), Date.UTC(2026)];`,
    },
    "is no other Date": {
      module: `const Date = { now: () => 1 }; const performance = { now: () => 2 };`,
      body: `return Date.now() + performance.now();`,
    },
    "is not read by packages": {
      module: `
        import dayjs from "dayjs";
        import moment from "moment";`,
      body: `
        const now = dayjs(); //! PDR6201
        const then = moment(); //! PDR6201
        return [now, then, dayjs(input), moment(input)];`,
    },
  },
  chance: {
    "is not taken": {
      module: `
        import { randomUUID, randomBytes, createHash } from "node:crypto";
        import * as nodeCrypto from "crypto";`,
      body: `
        const a = Math.random(); //! PDR6202
        const b = crypto.randomUUID(); //! PDR6202
        const c = randomUUID(); //! PDR6202
        const d = randomBytes(8); //! PDR6202
        const e = nodeCrypto.randomInt(8); //! PDR6202
        const f = crypto.getRandomValues(new Uint8Array(8)); //! PDR6202
        const { random, floor } = Math;
        const g = random(); //! PDR6202
        return [a, b, c, d, e, f, createHash("sha256").update("x").digest("hex"), Math.max(1, 2), floor(g)];`,
    },
    "is not taken from packages": {
      module: `
        import { v4, v5 } from "uuid";
        import { nanoid } from "nanoid";`,
      body: `
        const id = v4(); //! PDR6202
        const short = nanoid(); //! PDR6202
        return [id, short, v5("name", "space")];`,
    },
    "is taken from the context, and inside steps": {
      body: `return [ctx.rand.random(), ctx.rand.uuidv4(), await ctx.run("id", () => crypto.randomUUID())];`,
    },
  },
  timers: {
    "are the context's": {
      module: `
        import { setTimeout as delay } from "node:timers/promises";
        import { setTimeout as nodeTimeout } from "node:timers";`,
      body: `
        await new Promise((done) => setTimeout(done, 1000)); //! PDR6203
        const every = setInterval(() => {}, 1); //! PDR6203
        await delay(5); //! PDR6203
        nodeTimeout(() => {}, 1); //! PDR6203
        clearInterval(every);
        await ctx.sleep(1000);
        await ctx.run("wait", () => new Promise((done) => setTimeout(done, 5)));`,
    },
  },
  "I/O": {
    "is done in steps": {
      module: `
        import { readFile } from "node:fs/promises";
        import fs from "fs";
        import { exec } from "node:child_process";
        import { join } from "node:path";`,
      body: `
        const page = await fetch("https://example.com"); //! PDR6204
        const text = await readFile("a"); //! PDR6204
        const other = fs.readFileSync("a"); //! PDR6204
        exec("ls"); //! PDR6204
        const socket = new WebSocket("ws://x"); //! PDR6204
        const path = join("a", "b");
        const good = await ctx.run("fetch", async () => (await fetch(path)).text());
        const file = await ctx.run("read", () => readFile("a"));
        return good;`,
    },
    "of databases and HTTP clients is done in steps": {
      module: `
        import { Pool } from "pg";
        import axios from "axios";
        import { db, eq } from "drizzle-orm";
        import Database from "better-sqlite3";
        const pool = new Pool();
        const lite = new Database("file");`,
      body: `
        const rows = await pool.query("select 1"); //! PDR6204
        const page = await axios.get("https://example.com"); //! PDR6204
        const found = await db.select().from("users").where(eq("id", 1)); //! PDR6204
        const row = lite.prepare("select 1").get(); //! PDR6204
        const filter = eq("id", 2);
        const mine = axios.isAxiosError(input);
        return ctx.run("query", () => pool.query("select 2"));`,
    },
    "of clients that have no types is done in steps": {
      module: `
        import { Client } from "pg-promise";
        const client = new Client();`,
      body: `return client.query("select 1"); //! PDR6204`,
    },
    "is no method of one's own": {
      module: `
        const repository = { fetch: async (id: string) => id, setTimeout: (id: string) => id };
        class Mail { fetch() { return 1; } }`,
      body: `return [await repository.fetch("x"), repository.setTimeout("y"), new Mail().fetch()];`,
    },
    "is no local name": {
      body: `
        const fetch = (id: string) => id;
        const setTimeout = () => 1;
        return [fetch("x"), setTimeout()];`,
    },
  },
  "the process": {
    "is not asked inside handlers": {
      module: `
        const url = process.env["URL"] ?? "x";
        const settings = { at: process.env["AT"], limits: { count: Number(process.env["COUNT"]) } };`,
      body: `
        const mode = process.env["MODE"]; //? PDR6205
        const pid = process.pid; //? PDR6205
        return [url, settings.limits.count, mode, pid, await ctx.run("env", () => process.env["X"])];`,
    },
  },
};
