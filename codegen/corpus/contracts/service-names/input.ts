import { handler, service, shared, run, workflow, type Context, type WorkflowContext, type WorkflowSharedContext } from "@perdure/sdk";

@service({ name: "user-signup" })
export class UserSignup {
  @handler()
  async "do.it"(_: Context): Promise<void> {}
  @handler()
  async verify_email(_: Context, secret: string): Promise<void> {}
  @handler()
  async HTTPGet(_: Context, url: string): Promise<string> {
    return url;
  }
}

@service({ name: "größe" })
export class Sizes {
  @handler()
  async get(_: Context): Promise<number> {
    return 1;
  }
}

@service({ name: "2fa" })
export class TwoFactors {
  @handler()
  async check(_: Context, code: string): Promise<boolean> {
    return code !== "";
  }
}

@service({ name: "acme.billing.Invoices" })
export class Invoices {
  @handler()
  async send(_: Context): Promise<void> {}
}

@service({ name: "new" })
export class New {
  @handler()
  async delete(_: Context): Promise<void> {}
  @handler()
  async constructed(_: Context): Promise<void> {}
  @handler()
  async toString(_: Context): Promise<string> {
    return "";
  }
}

@service({ name: "Outputs" })
export class NoWorkflow {
  @handler()
  async submit(_: Context): Promise<void> {}
  @handler()
  async attach(_: Context): Promise<void> {}
  @handler()
  async output(_: Context): Promise<void> {}
}

@workflow({ name: "sign_up" })
export class SignUp {
  @run()
  async run(_: WorkflowContext): Promise<void> {}
  @shared()
  async runAgain(_: WorkflowSharedContext): Promise<void> {}
}
