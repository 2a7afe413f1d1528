// The same service as functions.

import { handlers, service } from "@perdure/sdk";
import type { Context } from "@perdure/sdk";

export const greeter = service({
  name: "Greeter",
  handlers: {
    greet: async (_: Context, name: string): Promise<string> => `Hello ${name}`,
    audit: handlers.handler(
      { ingressPrivate: true },
      async (_: Context, line: string): Promise<void> => console.log(line),
    ),
  },
});
