// Named signals: one, several, against a time-out, and as a stream that ends with a signal of its own.

import { RestatePromise, service, type Context } from "@perdure/sdk";

type Piece = { readonly value: string } | { readonly end: true };

export const signalTest = service({
  name: "SignalTest",
  handlers: {
    waitForSignal: async (ctx: Context, name: string) => ctx.signal(name),
    waitForTwo: async (ctx: Context) => {
      const a = await ctx.signal("a");
      return { a, b: await ctx.signal("b") };
    },
    raceSignalVsTimeout: async (ctx: Context, ms: number) =>
      RestatePromise.race([ctx.signal<string>("go"), ctx.sleep(ms).map(() => "timeout")]),
    readStream: async (ctx: Context) => {
      const values: string[] = [];
      for (;;) {
        const piece = await ctx.signal<Piece>("stream");
        if ("end" in piece) return values;
        values.push(piece.value);
      }
    },
    appendToStream: async (ctx: Context, { id, values }: { id: string; values: string[] }) => {
      const stream = ctx.invocation(id).signal<Piece>("stream");
      for (const value of values) stream.resolve({ value });
    },
    endStream: async (ctx: Context, id: string) => {
      ctx.invocation(id).signal<Piece>("stream").resolve({ end: true });
    },
  },
});
