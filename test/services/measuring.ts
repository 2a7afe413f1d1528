// Service types whose callers know them by a contract (contracts.ts) or by their class. Bytes come with their length
// in front.

import { handler, implement, serde, service, type Context } from "@perdure/sdk";
import { measuring, tallying } from "./contracts.js";

export const measuringService = implement(measuring, {
  handlers: {
    measure: async (_ctx, bytes): Promise<Uint8Array> => measured(bytes),
    double: async (_ctx, value) => 2 * value,
  },
});

export const tallyingObject = implement(tallying, {
  handlers: { tally: async (ctx, said) => `${ctx.key}: ${said}` },
});

@service({ name: "MeasuringClass" })
export class MeasuringClass {
  @handler({ input: serde.binary, output: serde.binary })
  async measure(_ctx: Context, bytes: Uint8Array): Promise<Uint8Array> {
    return measured(bytes);
  }
}

function measured(bytes: Uint8Array): Uint8Array {
  return new Uint8Array([bytes.length, ...bytes]);
}
