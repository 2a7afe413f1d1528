import { handler, service, type Context } from "@perdure/sdk";

/** What they pay. */
export enum Plan {
  /** Nothing. */
  Free = "free",
  /** @deprecated no longer sold */
  Pro = "pro-plus",
}

export enum Level {
  Low,
  Middle = 5,
  High,
  Same = 5,
}

export const enum Direction {
  Up = "UP",
  Down = "DOWN",
}

export enum Single {
  Only = "only",
}

/** How it went. */
export type Outcome = "won" | "lost" | "drawn";
export type Dice = 1 | 2 | 3 | 4 | 5 | 6;

export interface Enums {
  plan: Plan;
  level: Level;
  direction: Direction;
  single: Single;
  outcome: Outcome;
  dice: Dice;
  inline: "a" | "b";
  maybe?: Outcome;
  orNull: Level | null;
  list: Plan[];
  byName: Record<string, Outcome>;
  onlyFree: Plan.Free;
  someLevels: Level.Low | Level.High;
  yes: true;
}

@service()
export class Choices {
  @handler()
  async put(_: Context, value: Enums): Promise<Enums> {
    return value;
  }

  @handler()
  async plan(_: Context, value: Plan): Promise<Plan> {
    return value;
  }

  @handler()
  async outcome(_: Context, value: Outcome): Promise<Outcome> {
    return value;
  }

  @handler()
  async inline(_: Context, value: "x" | "y"): Promise<"x" | "y"> {
    return value;
  }
}
