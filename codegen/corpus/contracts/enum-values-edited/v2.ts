import { handler, service, type Context } from "@perdure/sdk";

export type Plan = "trial" | "team" | "free";

export enum Level {
  Top = 3,
  Low = 1,
  Lowest = 0,
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
