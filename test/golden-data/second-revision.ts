// A newer revision of a service of services.ts. Never changed, as that one.

import { handler, service, type Context } from "@perdure/sdk";

const isRecording = process.env["PERDURE_TEST_GOLDEN"] === "record";
const ages = { days: 36_500 };

@service({ name: "DataVersioned", journalRetention: ages, idempotencyRetention: ages })
export class DataVersioned {
  @handler({ inactivityTimeout: 0 })
  async sleeps(ctx: Context): Promise<string[]> {
    const other = await ctx.run("other code", () => (isRecording ? "then" : "now"));
    await ctx.sleep(60_000);
    return ["second revision", other];
  }
}
