import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  name: string;
}

export type Id = string | number;
export type OneOrMany = string | string[];

export interface Unions {
  id: Id;
  inline: string | boolean;
  many: OneOrMany;
  all: string | number | boolean | User | User[];
  orMap: number | Record<string, number>;
  dateOrNumber: Date | number;
  bigOrFlag: bigint | boolean;
  plan: "free" | "pro" | number;
  levels: "low" | "high" | 1 | 2;
  loose: "a" | "b" | (string & {});
  maybe?: Id;
  orNull: Id | null;
  either?: string | number | null;
  list: (string | number)[];
  pairOrText: [number, number] | string;
  yesOrText: true | string;
}

@service()
export class Mixed {
  @handler()
  async put(_: Context, value: Unions): Promise<Unions> {
    return value;
  }

  @handler()
  async id(_: Context, value: Id): Promise<Id> {
    return value;
  }

  @handler()
  async anyway(_: Context, value: string | number): Promise<string | number> {
    return value;
  }
}
