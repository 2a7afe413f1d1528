// Layers of objects that run programs (programs.ts): an object calls those of the layer below, and itself only without
// waiting for it, so that no two wait for one another. Half of what programs do has to be undone, mended or repeated;
// all that may be left of it is one increment for each increment in a program.

import { object, service, TerminalError, type Context, type ObjectContext } from "@perdure/sdk";
import type { Command, Program } from "../programs.js";

interface LayerState {
  counter: number;
  [name: `name ${string}`]: string;
}
type Layer = 0 | 1 | 2;
interface Place {
  readonly layer: Layer;
  readonly key: string;
}

const stepRetries = { initialRetryInterval: 5, maxRetryInterval: 20 };
const layerNames = ["ObjectInterpreterL0", "ObjectInterpreterL1", "ObjectInterpreterL2"] as const;
const oneIncrement: Program = { commands: [{ kind: "increment" }] };
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function targetOf({ layer, key }: Place, program: Program) {
  const service = layerNames[layer];
  return { service, method: "interpret", key, parameter: bytesOf(program) };
}

export const helper = service({
  name: "ServiceInterpreterHelper",
  handlers: {
    ping: async (_ctx: Context) => {},
    echo: async (_ctx: Context, text: string) => text,
    echoLater: async (ctx: Context, { text, ms }: { text: string; ms: number }) => {
      await ctx.sleep(ms);
      return text;
    },
    terminalFailure: async (_ctx: Context): Promise<string> => {
      throw new TerminalError("bye");
    },
    incrementIndirectly: async (ctx: Context, place: Place) => {
      ctx.genericSend(targetOf(place, oneIncrement));
    },
    resolveAwakeable: async (ctx: Context, id: string) => ctx.resolveAwakeable(id, "resolved"),
    rejectAwakeable: async (ctx: Context, id: string) => ctx.rejectAwakeable(id, "rejected"),
    /** Hands its own awakeable to the caller over the caller's, waits until that is resolved, then increments. */
    incrementViaAwakeableDance: async (
      ctx: Context,
      { place, callersId }: { place: Place; callersId: string },
    ) => {
      const { id, promise } = ctx.awakeable<string>();
      ctx.resolveAwakeable(callersId, id);
      await promise;
      ctx.genericSend(targetOf(place, oneIncrement));
    },
  },
});

/** What a program has begun and may await later: it fails if that did not come to what it should. */
type Begun = () => Promise<void>;

function expects(promise: PromiseLike<unknown>, expected: unknown): Begun {
  return async () => {
    const value = await promise;
    if (value !== expected) {
      throw new TerminalError(`expected ${String(expected)}, got ${String(value)}`);
    }
  };
}

function expectsFailure(promise: PromiseLike<unknown>, expected: string): Begun {
  return async () => {
    try {
      await promise;
    } catch (error) {
      if (error instanceof TerminalError && error.message === expected) return;
      throw error;
    }
    throw new TerminalError(`expected the failure "${expected}", got a value`);
  };
}

async function increment(ctx: ObjectContext<LayerState>): Promise<void> {
  ctx.set("counter", ((await ctx.get("counter")) ?? 0) + 1);
}

/** Does what the command says; returns what it has begun and does not wait for. */
async function perform(
  ctx: ObjectContext<LayerState>,
  layer: Layer,
  command: Exclude<Command, { readonly kind: "await" }>,
): Promise<Begun | undefined> {
  const place = { layer, key: ctx.key };
  const client = ctx.serviceClient(helper);
  const sends = ctx.serviceSendClient(helper);
  switch (command.kind) {
    case "setState":
      ctx.set(`name ${command.name}`, command.name);
      return undefined;
    case "getState": {
      const value = await ctx.get(`name ${command.name}`);
      if (value === null || value === command.name) return undefined;
      throw new TerminalError(`state ${command.name} is ${value}`);
    }
    case "clearState":
      ctx.clear(`name ${command.name}`);
      return undefined;
    case "increment":
      await increment(ctx);
      return undefined;
    case "incrementIndirectly":
      sends.incrementIndirectly(place);
      return undefined;
    case "incrementViaDelayedCall":
      ctx.genericSend({ ...targetOf(place, oneIncrement), delay: command.ms });
      return undefined;
    case "incrementViaAwakeable": {
      const { id, promise } = ctx.awakeable<string>();
      sends.incrementViaAwakeableDance({ place, callersId: id });
      ctx.resolveAwakeable(await promise, "go on");
      return undefined;
    }
    case "sleep":
      await ctx.sleep(command.ms);
      return undefined;
    case "callService":
      return expects(client.echo(command.text), command.text);
    case "callSlowService":
      return expects(client.echoLater({ text: command.text, ms: command.ms }), command.text);
    case "callObject": {
      const below = { layer: layer === 0 ? 1 : 2, key: command.key } as const;
      const called = ctx.genericCall(targetOf(below, command.program));
      return async () => void (await called);
    }
    case "sideEffect":
      return expects(
        ctx.run("side effect", () => command.text),
        command.text,
      );
    case "slowSideEffect":
      await ctx.run("slow side effect", async () => {
        await new Promise((resolve) => setTimeout(resolve, command.ms));
      });
      return undefined;
    case "throwingSideEffect":
      await ctx.run(
        "throwing side effect",
        () => {
          if (Math.random() < 0.5) throw new Error("once more");
        },
        stepRetries,
      );
      return undefined;
    case "recoverTerminalCall":
      await expectsFailure(client.terminalFailure(), "bye")();
      return undefined;
    case "recoverTerminalCallMaybeUnAwaited":
      return expectsFailure(client.terminalFailure(), "bye");
    case "resolveAwakeable": {
      const { id, promise } = ctx.awakeable<string>();
      sends.resolveAwakeable(id);
      return expects(promise, "resolved");
    }
    case "rejectAwakeable": {
      const { id, promise } = ctx.awakeable<string>();
      sends.rejectAwakeable(id);
      return expectsFailure(promise, "rejected");
    }
  }
}

function layerObject<N extends (typeof layerNames)[number]>(name: N, layer: Layer) {
  return object({
    name,
    options: { retryPolicy: { initialInterval: 10, maxInterval: 200 } },
    handlers: {
      interpret: async (ctx: ObjectContext<LayerState>, { commands }: Program) => {
        const begun = new Map<number, Begun>();
        for (const [at, command] of commands.entries()) {
          if (command.kind === "await") {
            const one = begun.get(command.index);
            begun.delete(command.index);
            await one?.();
          } else {
            const one = await perform(ctx, layer, command);
            if (one !== undefined) begun.set(at, one);
          }
        }
      },
      counter: async (ctx: ObjectContext<LayerState>) => (await ctx.get("counter")) ?? 0,
    },
  });
}

export const layer0 = layerObject("ObjectInterpreterL0", 0);
export const layer1 = layerObject("ObjectInterpreterL1", 1);
export const layer2 = layerObject("ObjectInterpreterL2", 2);
