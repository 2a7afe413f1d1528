import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  name: string;
}

export type Stage = "draft" | "live";

export interface ByName {
  [name: string]: User;
}

export interface Maps {
  settings: Record<string, string>;
  users: Record<string, User>;
  index: { [id: string]: number };
  named: ByName;
  lists: Record<string, string[]>;
  nested: Record<string, Record<string, number>>;
  orNull: Record<string, User | null>;
  dates: Record<string, Date>;
  anything: Record<string, unknown>;
  maybe?: Record<string, number>;
  stages: Record<Stage, number>;
  someStages: Partial<Record<Stage, number>>;
  byNumber: Record<number, string>;
  flags: Record<string, Stage>;
  empty: Record<string, never>;
}

@service()
export class Tables {
  @handler()
  async put(_: Context, value: Maps): Promise<Maps> {
    return value;
  }

  @handler()
  async settings(_: Context, value: Record<string, string>): Promise<Record<string, string>> {
    return value;
  }

  @handler()
  async lists(_: Context, value: Record<string, string[]>): Promise<Record<string, string[]>> {
    return value;
  }
}
