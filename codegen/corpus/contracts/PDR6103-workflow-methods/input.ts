import { run, shared, workflow, type WorkflowContext, type WorkflowSharedContext } from "@perdure/sdk";

@workflow()
export class Signup {
  @run()
  async run(_: WorkflowContext): Promise<void> {}
  @shared()
  async submit(_: WorkflowSharedContext): Promise<void> {}
  @shared()
  async output(_: WorkflowSharedContext): Promise<void> {}
}
