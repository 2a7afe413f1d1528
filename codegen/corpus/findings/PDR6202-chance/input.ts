import { randomUUID } from "node:crypto";
import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Chances {
  @handler()
  async go(ctx: Context): Promise<string> {
    const id = randomUUID();
    const dice = Math.random();
    return id + String(dice) + crypto.randomUUID() + ctx.rand.uuidv4();
  }
}
