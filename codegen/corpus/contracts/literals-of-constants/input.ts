import { handler, service, type Context } from "@perdure/sdk";

export const stages = ["draft", "review", "live"] as const;
export const codes = { ok: 200, gone: 410 } as const;

export type Stage = (typeof stages)[number];
export type Code = (typeof codes)[keyof typeof codes];

@service()
export class Stages {
  @handler()
  async stage(_: Context, value: Stage): Promise<Stage> {
    return value;
  }

  @handler()
  async code(_: Context, value: Code): Promise<Code> {
    return value;
  }
}
