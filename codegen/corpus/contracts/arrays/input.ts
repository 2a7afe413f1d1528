import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  name: string;
}

export interface Arrays {
  names: string[];
  users: User[];
  generic: Array<User>;
  frozen: readonly string[];
  frozenGeneric: ReadonlyArray<Date>;
  matrix: number[][];
  cube: number[][][];
  holes: (number | null)[];
  usersOrNull: (User | null)[];
  rows: (string[] | null)[];
  maps: Record<string, User>[];
  maybe?: string[];
  orNull: string[] | null;
  either?: string[] | null;
  dates: Date[];
  cents: bigint[];
  pictures: Uint8Array[];
  anything: unknown[];
  flags: ("on" | "off")[];
  mixed: (string | number)[];
  inline: { id: number }[];
}

@service()
export class Lists {
  @handler()
  async put(_: Context, value: Arrays): Promise<Arrays> {
    return value;
  }

  @handler()
  async names(_: Context, value: string[]): Promise<string[]> {
    return value;
  }

  @handler()
  async users(_: Context, value: User[]): Promise<User[]> {
    return value;
  }

  @handler()
  async matrix(_: Context, value: number[][]): Promise<number[][]> {
    return value;
  }

  @handler()
  async holes(_: Context, value: (number | null)[]): Promise<(number | null)[]> {
    return value;
  }
}
