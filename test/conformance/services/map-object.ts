// Names and values for each key, each a state entry of its own.

import {
  exclusive,
  object,
  shared,
  type ObjectContext,
  type ObjectSharedContext,
} from "@perdure/sdk";

interface Entry {
  readonly key: string;
  readonly value: string;
}

@object()
export class MapObject {
  @exclusive()
  async set(ctx: ObjectContext, { key, value }: Entry): Promise<void> {
    ctx.set(key, value);
  }

  @shared()
  async get(ctx: ObjectSharedContext, key: string): Promise<string> {
    return (await ctx.get<string>(key)) ?? "";
  }

  /** What was there. */
  @exclusive()
  async clearAll(ctx: ObjectContext): Promise<Entry[]> {
    const entries: Entry[] = [];
    for (const key of await ctx.stateKeys()) {
      entries.push({ key, value: (await ctx.get<string>(key)) ?? "" });
    }
    ctx.clearAll();
    return entries;
  }
}
