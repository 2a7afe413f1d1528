import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  /** What people call them. */
  name: string;
  email?: string;
  age: number;
  readonly id: string;
  address: { city: string; zip?: string };
}

export type Plan = "free" | "pro" | "team";
export type UserPatch = Partial<Omit<User, "id">>;
export type Login = Pick<User, "name" | "email">;

@service()
export class Utilities {
  @handler()
  async patch(_: Context, value: UserPatch): Promise<UserPatch> {
    return value;
  }

  @handler()
  async login(_: Context, value: Login): Promise<Login> {
    return value;
  }

  @handler()
  async partial(_: Context, value: Partial<User>): Promise<Partial<User>> {
    return value;
  }

  @handler()
  async required(_: Context, value: Required<User>): Promise<Required<User>> {
    return value;
  }

  @handler()
  async frozen(_: Context, value: Readonly<User>): Promise<Readonly<User>> {
    return value;
  }

  @handler()
  async picked(_: Context, value: Pick<User, "name">): Promise<Pick<User, "name">> {
    return value;
  }

  @handler()
  async omitted(_: Context, value: Omit<User, "address" | "email">): Promise<Omit<User, "address" | "email">> {
    return value;
  }

  @handler()
  async plans(_: Context, value: Record<Plan, number>): Promise<Record<Plan, number>> {
    return value;
  }

  @handler()
  async paid(_: Context, value: Exclude<Plan, "free">): Promise<Exclude<Plan, "free">> {
    return value;
  }

  @handler()
  async some(_: Context, value: Extract<Plan, "free" | "pro">): Promise<Extract<Plan, "free" | "pro">> {
    return value;
  }

  @handler()
  async present(_: Context, value: NonNullable<User["email"]>): Promise<NonNullable<User["email"]>> {
    return value;
  }

  @handler()
  async address(_: Context, value: User["address"]): Promise<User["address"]> {
    return value;
  }

  @handler()
  async keys(_: Context, value: keyof Login): Promise<keyof Login> {
    return value;
  }
}
