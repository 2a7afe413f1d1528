// Calls and sends between handlers: typed, generic, delayed, with an idempotency key, by id.

import { exclusive, handler, object, rpc, serde, service } from "@perdure/sdk";
import type { Context, InvocationId, ObjectContext } from "@perdure/sdk";

@object()
export class Stock {
  @exclusive()
  async take(ctx: ObjectContext<{ left: number }>, count: number): Promise<number> {
    const left = ((await ctx.get("left")) ?? 10) - count;
    ctx.set("left", left);
    return left;
  }
}

@service()
export class Mailer {
  @handler()
  async send(ctx: Context, text: string): Promise<string> {
    await ctx.run("send", () => console.log(text));
    return `sent: ${text}`;
  }
}

@service()
export class Orders {
  @handler()
  async place(ctx: Context, item: string): Promise<{ left: number; mail: InvocationId }> {
    // A call: waits for the result, and throws the callee's failure.
    const left = await ctx.objectClient(Stock, item).take(1);

    // A send: durable, not waited for. This one starts in a week.
    ctx
      .serviceSendClient(Mailer)
      .send(`how do you like your ${item}?`, rpc.sendOpts({ delay: { days: 7 } }));

    // With an idempotency key, the same for all who use it: it runs once.
    const mail = ctx
      .serviceSendClient(Mailer)
      .send(`${item} is ordered`, rpc.sendOpts({ idempotencyKey: `ordered-${item}` }));
    return { left, mail: await mail.invocationId };
  }

  @handler()
  async lastMail(ctx: Context, item: string): Promise<string> {
    // Another invocation, by what its id is derived from: its result, waited for.
    const mail = { service: Mailer, handler: "send", idempotencyKey: `ordered-${item}` };
    return ctx.invocation(mail).attach<string>();
  }

  @handler()
  async forward(ctx: Context, to: { service: string; method: string }): Promise<string> {
    // A target that is known at run time only. Without serdes, values are bytes.
    return ctx.genericCall<string, string>({
      ...to,
      parameter: "forwarded",
      inputSerde: serde.json,
      outputSerde: serde.json,
    });
  }
}
