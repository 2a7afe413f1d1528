// What the tests of the typed ingress call: one class of each kind, with every form of type that a caller meets. The
// tests have codegen read it; desk-replaced.ts is what becomes of it.

import {
  exclusive,
  handler,
  object,
  run,
  service,
  shared,
  TerminalError,
  workflow,
  type Context,
  type ObjectContext,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import { pass } from "./gates.js";

/** Who is greeted. */
export interface Person {
  name: string;
  /** Where they can be reached. */
  email?: string;
}

export type Shape = { kind: "circle"; radius: number } | { kind: "square"; side: number };

/** One of everything. */
export interface Everything {
  at: Date;
  count: bigint;
  bytes: Uint8Array;
  mood: "calm" | "cross";
  shape: Shape;
  tags: string[];
  prices: Record<string, number>;
  pair: [string, boolean];
  note: string | null;
  more?: unknown;
}

/** Greets and measures. */
@service({ name: "front-desk" })
export class Desk {
  /** Greets a person by name. */
  @handler()
  async greet(_ctx: Context, person: Person): Promise<string> {
    return `Hi ${person.name}`;
  }

  /** Gives back what it got, as the handler saw it. */
  @handler()
  async echo(_ctx: Context, everything: Everything): Promise<Everything> {
    const { at, count, bytes } = everything;
    if (!(at instanceof Date && typeof count === "bigint" && bytes instanceof Uint8Array)) {
      throw new TerminalError("these are no values of their types");
    }
    return everything;
  }

  /** Fails for good. */
  @handler()
  async refuse(_ctx: Context, code: number): Promise<void> {
    throw new TerminalError("no such luck", { errorCode: code, metadata: { plan: "gold" } });
  }

  /** How many bytes it got. */
  @handler()
  async measure(_ctx: Context, bytes: Uint8Array): Promise<number> {
    return bytes.byteLength;
  }

  /** That many bytes. */
  @handler()
  async fill(_ctx: Context, length: number): Promise<Uint8Array> {
    return new Uint8Array(length).fill(7);
  }

  /** Waits at a gate. */
  @handler()
  async wait(ctx: Context, gate: string): Promise<string> {
    return ctx.run("wait", async () => {
      await pass(gate);
      return `passed ${gate}`;
    });
  }
}

/** Counts. The key is what is counted. */
@object({ name: "tally" })
export class Tally {
  @exclusive()
  async add(ctx: ObjectContext<{ count: number }>, by: number): Promise<number> {
    const count = ((await ctx.get("count")) ?? 0) + by;
    ctx.set("count", count);
    return count;
  }
}

/** Is under way until it is signed for. */
@workflow({ name: "parcel" })
export class Parcel {
  @run()
  async run(ctx: WorkflowContext, weight: number): Promise<{ weight: number; by: string }> {
    const by = await ctx.promise<string>("signed");
    return { weight, by };
  }

  @shared()
  async sign(ctx: WorkflowSharedContext, by: string): Promise<void> {
    await ctx.promise<string>("signed").resolve(by);
  }
}
