import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  name: string;
}

@service()
export class Outputs {
  @handler()
  async nothing(_: Context): Promise<void> {}
  @handler()
  async undefinedOnly(_: Context): Promise<undefined> {
    return undefined;
  }
  @handler()
  async never(_: Context): Promise<never> {
    throw new Error();
  }
  @handler()
  async text(_: Context): Promise<string> {
    return "";
  }
  @handler()
  async size(_: Context) {
    return 5;
  }
  @handler()
  async maybe(_: Context): Promise<User | undefined> {
    return undefined;
  }
  @handler()
  async orVoid(_: Context): Promise<User | void> {}
  @handler()
  async orNull(_: Context): Promise<User | null> {
    return null;
  }
  @handler()
  async either(_: Context): Promise<User | null | undefined> {
    return null;
  }
  @handler()
  async list(_: Context): Promise<User[]> {
    return [];
  }
  @handler()
  async maybeList(_: Context): Promise<User[] | undefined> {
    return undefined;
  }
  @handler()
  async map(_: Context): Promise<Record<string, number>> {
    return {};
  }
  @handler()
  async pair(_: Context): Promise<[string, number]> {
    return ["", 1];
  }
  @handler()
  async id(_: Context): Promise<string | number> {
    return 1;
  }
  @handler()
  async flag(_: Context): Promise<boolean> {
    return true;
  }
  @handler()
  async json(_: Context): Promise<unknown> {
    return 1;
  }
  @handler()
  async inferred(_: Context) {
    return { ok: true as const, list: ["a"], nested: { size: 1 } };
  }
  @handler()
  async branches(_: Context, yes: boolean) {
    if (yes) return { kind: "yes" as const, size: 1 };
    return { kind: "no" as const };
  }
}
