import { DurablePromise, exclusive, object, run, shared, workflow, type ObjectContext, type WorkflowContext, type WorkflowSharedContext } from "@perdure/sdk";

@object()
export class Account {
  @exclusive()
  async withdraw(ctx: ObjectContext, amount: number): Promise<boolean> {
    const balance = (await ctx.get<number>("balance")) ?? 0;
    if (balance < amount) return false;
    ctx.set("balance", balance - amount);
    return true;
  }
}

@workflow()
export class Payment {
  @run()
  async run(ctx: WorkflowContext, amount: number): Promise<string> {
    const id = await ctx.run("create id", () => "1");
    for (const attempt of [1, 2]) {
      await ctx.run(`attempt ${String(attempt)}`, () => attempt);
    }
    await helper(ctx, amount);
    const paid = await ctx.objectClient<typeof Account>({ name: "Account" }, id).withdraw(amount);
    if (!paid) {
      await ctx.sleep({ minutes: 1 }, "wait for money");
      ctx.genericSend({ service: "Mailer", method: "send", parameter: id });
    }
    const { id: token, promise } = ctx.awakeable<string>();
    const [answer] = await DurablePromise.all([promise, ctx.run("notify", () => token)]);
    await ctx.promise<boolean>("confirmed");
    return answer;
  }

  @shared()
  async confirm(ctx: WorkflowSharedContext): Promise<void> {
    await ctx.promise<boolean>("confirmed").resolve(true);
  }

  @shared()
  async dynamic(ctx: WorkflowSharedContext, names: string[]): Promise<void> {
    for (const name of names) await ctx.run(name, () => name);
  }
}

async function helper(ctx: WorkflowContext, amount: number): Promise<void> {
  await ctx.run("audit", () => amount);
  ctx.set("stage", "audited");
}
