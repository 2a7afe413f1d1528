import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  name: string;
}

@service()
export class Inputs {
  @handler()
  async none(_: Context): Promise<void> {}
  @handler()
  async noContext(): Promise<void> {}
  @handler()
  async text(_: Context, name: string): Promise<void> {}
  @handler()
  async optional(_: Context, name?: string): Promise<void> {}
  @handler()
  async orUndefined(_: Context, user: User | undefined): Promise<void> {}
  @handler()
  async withDefault(_: Context, size = 5): Promise<void> {}
  @handler()
  async destructured(_: Context, { name }: User): Promise<void> {}
  @handler()
  async list(_: Context, users: User[]): Promise<void> {}
  @handler()
  async optionalList(_: Context, users?: User[]): Promise<void> {}
  @handler()
  async nullable(_: Context, user: User | null): Promise<void> {}
  @handler()
  async both(_: Context, user?: User | null): Promise<void> {}
  @handler()
  async map(_: Context, users: Record<string, User>): Promise<void> {}
  @handler()
  async pair(_: Context, pair: [string, number]): Promise<void> {}
  @handler()
  async union(_: Context, id: string | number): Promise<void> {}
  @handler()
  async json(_: Context, json: unknown): Promise<void> {}
  @handler()
  async nothing(_: Context, nothing: void): Promise<void> {}
  @handler()
  async literal(_: Context, mode: "on"): Promise<void> {}
  @handler()
  async date(_: Context, at: Date): Promise<void> {}
}
