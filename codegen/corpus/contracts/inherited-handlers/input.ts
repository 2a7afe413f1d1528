import { handler, service, type Context } from "@perdure/sdk";

abstract class Store<T> {
  /** What is there. */
  @handler()
  async load(_: Context, id: string): Promise<T | null> {
    return this.of(id);
  }

  @handler()
  async save(_: Context, value: T): Promise<void> {
    void value;
  }

  @handler()
  async all(_: Context): Promise<T[]> {
    return [];
  }

  protected abstract of(id: string): T | null;
}

export interface User {
  name: string;
}

@service({ name: "users" })
export class Users extends Store<User> {
  protected override of(id: string): User {
    return { name: id };
  }

  /** Everybody. */
  @handler()
  override async all(_: Context): Promise<User[]> {
    return [];
  }
}

@service()
export class Dates extends Store<Date> {
  protected override of(): null {
    return null;
  }

  override async save(_: Context, value: Date): Promise<void> {
    void value;
  }
}
