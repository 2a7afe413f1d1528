import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  name: string;
}

/** A part of many. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

export type Result<T, E = string> = { ok: true; value: T } | { ok: false; error: E };

export interface Box<T> {
  value: T;
}

export type Named<T extends object> = T & { label: string };

@service()
export class Generic {
  @handler()
  async users(_: Context, value: Page<User>): Promise<Page<User>> {
    return value;
  }

  @handler()
  async numbers(_: Context, value: Page<number>): Promise<Page<number>> {
    return value;
  }

  @handler()
  async lists(_: Context, value: Page<string[]>): Promise<Page<string[]>> {
    return value;
  }

  @handler()
  async result(_: Context, value: Result<User>): Promise<Result<User>> {
    return value;
  }

  @handler()
  async failure(_: Context, value: Result<number, Date>): Promise<Result<number, Date>> {
    return value;
  }

  @handler()
  async nested(_: Context, value: Box<Box<User>>): Promise<Box<Box<User>>> {
    return value;
  }

  @handler()
  async literal(_: Context, value: Box<"on">): Promise<Box<"on">> {
    return value;
  }

  @handler()
  async optional(_: Context, value: Box<User | null>): Promise<Box<User | null>> {
    return value;
  }

  @handler()
  async labelled(_: Context, value: Named<User>): Promise<Named<User>> {
    return value;
  }
}
