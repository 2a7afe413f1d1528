// What the tests of clients call beside greeter.ts: handlers that wait to be completed from outside, values that are
// no JSON, failures and requests to be looked at.

import {
  handlers,
  object,
  serde,
  service,
  TerminalError,
  type Context,
  type ObjectContext,
  type ObjectSharedContext,
} from "@perdure/sdk";

/** Waits for an awakeable, once for each key; `id` says which. */
export const awaiting = object({
  name: "Awaiting",
  handlers: {
    wait: async (ctx: ObjectContext<{ id: string }>) => {
      const { id, promise } = ctx.awakeable<unknown>();
      ctx.set("id", id);
      try {
        return { value: (await promise) ?? "nothing" };
      } catch (error) {
        if (!(error instanceof TerminalError)) throw error;
        return { failure: error.message, code: error.code };
      }
    },
    id: handlers.object.shared(async (ctx: ObjectSharedContext<{ id: string }>) => ctx.get("id")),
  },
});

export const formats = service({
  name: "Formats",
  handlers: {
    /** Bytes in and out, each with its length in front. */
    measure: handlers.handler(
      { input: serde.binary, output: serde.binary },
      async (_ctx: Context, bytes: Uint8Array): Promise<Uint8Array> =>
        new Uint8Array([bytes.length, ...bytes]),
    ),
    nothing: handlers.handler(
      { input: serde.empty, output: serde.empty },
      async (_ctx: Context, _input: void): Promise<undefined> => undefined,
    ),
    /** What comes in goes out. */
    same: async (_ctx: Context, value: unknown) => value,
    headers: async (ctx: Context) => Object.fromEntries(ctx.request().headers),
    fail: async (_ctx: Context, failure: { code: number; metadata?: Record<string, string> }) => {
      const { code, metadata } = failure;
      throw new TerminalError("as asked", {
        errorCode: code,
        ...(metadata === undefined ? {} : { metadata }),
      });
    },
  },
});

/** Says its key, and who it was called by, so that no two keys can be taken for each other. */
export const keyed = object({
  name: "Keyed",
  handlers: {
    key: async (ctx: ObjectContext, said: string) => ({ key: ctx.key, said }),
  },
});
