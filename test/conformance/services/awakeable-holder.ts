// Keeps the id of an awakeable for whoever wants to complete it.

import { exclusive, object, TerminalError, type ObjectContext } from "@perdure/sdk";

interface HolderState {
  id: string;
}

@object()
export class AwakeableHolder {
  @exclusive()
  async hold(ctx: ObjectContext<HolderState>, id: string): Promise<void> {
    ctx.set("id", id);
  }

  @exclusive()
  async hasAwakeable(ctx: ObjectContext<HolderState>): Promise<boolean> {
    return (await ctx.get("id")) !== null;
  }

  /** The id itself, for those who complete it over HTTP. */
  @exclusive()
  async heldId(ctx: ObjectContext<HolderState>): Promise<string | null> {
    return ctx.get("id");
  }

  @exclusive()
  async unlock(ctx: ObjectContext<HolderState>, payload: string): Promise<void> {
    const id = await ctx.get("id");
    if (id === null) throw new TerminalError("there is no awakeable");
    ctx.resolveAwakeable(id, payload);
    ctx.clear("id");
  }
}
