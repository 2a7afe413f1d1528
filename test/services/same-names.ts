// Two services of one name, which an endpoint refuses to serve.

import { service, type Context } from "@perdure/sdk";

export const one = service({ name: "Twin", handlers: { a: async (_ctx: Context) => 1 } });
export const other = service({ name: "Twin", handlers: { b: async (_ctx: Context) => 2 } });
