import { run, shared, workflow, type WorkflowContext, type WorkflowSharedContext } from "@perdure/sdk";

export interface Outer {
  inner: { deep: { value: string }; list: { id: number }[]; choice: "a" | "b" };
  byName: Record<string, { x: number }>;
  pair: [{ left: string }, { right: string }];
}

@workflow()
export class Signup {
  @run()
  async run(_: WorkflowContext, input: { user: { email: string } }): Promise<{ success: boolean }> {
    return { success: input.user.email !== "" };
  }

  @shared()
  async status(_: WorkflowSharedContext): Promise<"created" | "verified" | null> {
    return null;
  }

  @shared()
  async inferred(_: WorkflowSharedContext, { secret }: { secret: string }) {
    return { secret, at: new Date(0), list: [{ a: 1 }] };
  }

  @shared()
  async outer(_: WorkflowSharedContext, outer: Outer): Promise<Outer> {
    return outer;
  }
}
