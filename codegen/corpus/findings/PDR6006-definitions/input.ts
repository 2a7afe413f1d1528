import { exclusive, handler, object, run, service, shared, workflow, type Context, type ObjectContext, type WorkflowContext, type WorkflowSharedContext } from "@perdure/sdk";

@service()
export class Empty {
  async notMarked(): Promise<void> {}
}

@workflow()
export class RunLess {
  @shared()
  async status(_: WorkflowSharedContext): Promise<void> {}
}

@service
export class NotCalled {
  @handler()
  async go(_: Context): Promise<void> {}
}

@service()
@object()
export class Twice {
  @handler()
  async go(_: Context): Promise<void> {}
}

@service()
export class WrongKind {
  @shared()
  async go(_: Context): Promise<void> {}
}

@workflow()
export class ExclusiveWorkflow {
  @run()
  async run(_: WorkflowContext): Promise<void> {}
  @exclusive()
  async go(_: ObjectContext): Promise<void> {}
}

@service({ ingressPrivate: "yes", journalRetention: "soon" })
export class WrongOptions {
  @handler()
  async go(_: Context): Promise<void> {}
}

@service({ name: "" })
export class Nameless {
  @handler()
  async go(_: Context): Promise<void> {}
}
