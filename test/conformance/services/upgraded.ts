// Code that differs from one version to the next: PERDURE_TEST_VERSION says which this process has.

import { exclusive, object, type ObjectContext } from "@perdure/sdk";
import { pass } from "../../services/gates.js";
import { AwakeableHolder } from "./awakeable-holder.js";

const version = process.env["PERDURE_TEST_VERSION"] ?? "v1";
const echo = {
  service: "Late",
  method: "echo",
  parameter: new TextEncoder().encode(JSON.stringify("late")),
};

@object({ retryPolicy: { initialInterval: 10, maxInterval: 50 } })
export class Upgraded {
  @exclusive()
  async version(_ctx: ObjectContext): Promise<string> {
    return version;
  }

  /** Waits for an awakeable; gives the versions before and after it. */
  @exclusive()
  async untilCompleted(ctx: ObjectContext): Promise<string> {
    const before = await ctx.run("before", () => version);
    const { id, promise } = ctx.awakeable<string>();
    await ctx.objectClient(AwakeableHolder, ctx.key).hold(id);
    return `${before}, ${await promise}, ${version}`;
  }

  /** A step that the first version can't do. */
  @exclusive()
  async retryableOperation(ctx: ObjectContext): Promise<string> {
    return ctx.run("operation", async () => {
      await pass(`${ctx.key}/tried`);
      if (version === "v1") throw new Error("not yet");
      return `done by ${version}`;
    });
  }

  @exclusive()
  async callsLate(ctx: ObjectContext): Promise<string> {
    return JSON.parse(new TextDecoder().decode(await ctx.genericCall(echo))) as string;
  }

  @exclusive()
  async sendsLate(ctx: ObjectContext): Promise<string> {
    await ctx.genericSend(echo).invocationId;
    return "Done";
  }

  @exclusive({ retryPolicy: { initialInterval: 5, maxAttempts: 10, onMaxAttempts: "pause" } })
  async pausesUntilFixed(ctx: ObjectContext): Promise<string> {
    await pass(`${ctx.key}/attempt`);
    if (version === "v1") throw new Error("this version can't");
    return `fixed in ${version}`;
  }
}
