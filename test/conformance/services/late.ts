// A service that is registered when others call it already.

import { service, type Context } from "@perdure/sdk";

export const late = service({
  name: "Late",
  handlers: { echo: async (_ctx: Context, text: string) => text },
});
