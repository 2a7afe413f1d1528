import { handler, object, service, type Context } from "@perdure/sdk";

let suffix = "a";

async function go(_: Context): Promise<void> {}

function more() {
  return { go };
}

export const fromEnvironment = service({ name: process.env["NAME"] ?? "x", handlers: { go } });
export const spread = service({ name: "Spread", handlers: { ...more() } });
export const make = (name: string) => object({ name, handlers: { go } });

@service({ name: `service-${suffix}` })
export class Computed {
  @handler()
  async go(_: Context): Promise<void> {}
}

@service({ ingressPrivate: Boolean(process.env["PRIVATE"]) })
export class PrivateOrNot {
  @handler()
  async go(_: Context): Promise<void> {}
}
