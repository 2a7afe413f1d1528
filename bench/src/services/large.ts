// Process entry: handlers whose values are large. The handlers beside them are in another process: making, writing and
// reading 30 MB of JSON holds up a process for 100 to 400 ms, whatever the server does.
import * as perdure from "@perdure/sdk";
import { host } from "./host.js";

const large = perdure.service({
  name: "Large",
  handlers: {
    input: async (_: perdure.Context, text: string) => text.length,
    output: async (_: perdure.Context, length: number) => textOf(length),
    step: async (context: perdure.Context, length: number) =>
      (await context.run("large", () => textOf(length))).length,
  },
});

const largeObject = perdure.object({
  name: "LargeObject",
  handlers: {
    set: async (context: perdure.ObjectContext, length: number) => {
      context.set("text", textOf(length));
    },
    get: async (context: perdure.ObjectContext) =>
      ((await context.get<string>("text")) ?? "").length,
  },
});

/** Made anew each time, as a program would. */
function textOf(length: number): string {
  return Buffer.alloc(length, "abcdefgh").toString("latin1");
}

await host((port) => perdure.serve({ services: [large, largeObject], port, host: "127.0.0.1" }));
