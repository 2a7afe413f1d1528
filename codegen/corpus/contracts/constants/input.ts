import { handler, service, type Context } from "@perdure/sdk";

export interface Event {
  type: "event";
  version: 2;
  signed: true;
  note: string;
  mode?: "fast";
  flag?: true;
  orNull: "x" | null;
  list: "only"[];
}

export interface Empty {}

export interface OnlyConstants {
  type: "ping";
}

@service()
export class Constants {
  @handler()
  async put(_: Context, value: Event): Promise<Event> {
    return value;
  }

  @handler()
  async empty(_: Context, value: Empty): Promise<Empty> {
    return value;
  }

  @handler()
  async ping(_: Context, value: OnlyConstants): Promise<OnlyConstants> {
    return value;
  }

  @handler()
  async fixed(_: Context, value: "ok"): Promise<"ok"> {
    return value;
  }
}
