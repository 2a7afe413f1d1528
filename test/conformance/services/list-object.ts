// A list for each key, in the order in which its values came.

import { handlers, object, type ObjectContext, type ObjectSharedContext } from "@perdure/sdk";

interface ListState {
  list: string[];
}

export const listObject = object({
  name: "ListObject",
  handlers: {
    append: async (ctx: ObjectContext<ListState>, value: string) => {
      ctx.set("list", [...((await ctx.get("list")) ?? []), value]);
    },
    get: handlers.object.shared(
      async (ctx: ObjectSharedContext<ListState>) => (await ctx.get("list")) ?? [],
    ),
    clear: async (ctx: ObjectContext<ListState>) => {
      const list = (await ctx.get("list")) ?? [];
      ctx.clear("list");
      return list;
    },
  },
});
