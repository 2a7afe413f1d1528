// Small things that many tests need: echoes, counted steps, cancelling and signalling others.

import { handlers, RestatePromise, serde, service, type Context } from "@perdure/sdk";

interface SignalRequest {
  readonly invocationId: string;
  readonly signalName: string;
}

export const testUtils = service({
  name: "TestUtilsService",
  handlers: {
    echo: async (_ctx: Context, text: string) => text,
    uppercaseEcho: async (_ctx: Context, text: string) => text.toUpperCase(),
    echoHeaders: async (ctx: Context) => Object.fromEntries(ctx.request().headers),
    rawEcho: handlers.handler(
      { input: serde.binary, output: serde.binary },
      async (_ctx: Context, bytes: Uint8Array): Promise<Uint8Array> => bytes,
    ),
    /** How many of `increments` steps the attempt executed that came to the end. */
    countExecutedSideEffects: async (ctx: Context, increments: number) => {
      let executed = 0;
      for (let at = 0; at < increments; at++) {
        await ctx.run("count", () => {
          executed++;
        });
      }
      return executed;
    },
    cancelInvocation: async (ctx: Context, id: string) => {
      ctx.invocation(id).cancel();
    },
    resolveSignal: async (
      ctx: Context,
      { invocationId, signalName, value }: SignalRequest & { value: unknown },
    ) => {
      ctx.invocation(invocationId).signal(signalName).resolve(value);
    },
    rejectSignal: async (
      ctx: Context,
      { invocationId, signalName, reason }: SignalRequest & { reason: string },
    ) => {
      ctx.invocation(invocationId).signal(signalName).reject(reason);
    },
    sleepConcurrently: async (ctx: Context, millis: readonly number[]) => {
      await RestatePromise.all(millis.map((ms) => ctx.sleep(ms)));
    },
  },
});
