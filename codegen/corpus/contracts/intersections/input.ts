import { handler, service, type Context } from "@perdure/sdk";

export type UserId = string & { readonly __brand: "UserId" };
export type Cents = number & { readonly __unit: "cents" };

export interface Entity {
  id: UserId;
}

export interface Timestamps {
  createdAt: Date;
  updatedAt?: Date;
}

export type User = Entity & Timestamps & { name: string };

export type Event = { at: Date } & ({ type: "login"; ip: string } | { type: "logout" });

@service()
export class Entities {
  @handler()
  async user(_: Context, value: User): Promise<User> {
    return value;
  }

  @handler()
  async event(_: Context, value: Event): Promise<Event> {
    return value;
  }

  @handler()
  async price(_: Context, value: Cents): Promise<Cents> {
    return value;
  }

  @handler()
  async inline(_: Context, value: Entity & { extra: string }): Promise<Entity & { extra: string }> {
    return value;
  }
}
