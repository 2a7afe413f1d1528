import { handler, service, type Context } from "@perdure/sdk";

export type Plan = "free" | "pro" | "team";

export enum Level {
  Low = 1,
  Middle = 2,
  High = 3,
}

@service()
export class Plans {
  @handler()
  async put(_: Context, value: Plan): Promise<Plan> {
    return value;
  }

  @handler()
  async level(_: Context, value: Level): Promise<Level> {
    return value;
  }
}
