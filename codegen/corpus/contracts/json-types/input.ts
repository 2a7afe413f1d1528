import { handler, service, type Context } from "@perdure/sdk";

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

export interface JsonObject {
  [key: string]: Json;
}

export interface Holder {
  json: Json;
  object: JsonObject;
  maybe?: Json;
  list: Json[];
  unknown: unknown;
  maybeUnknown?: unknown;
  unknowns: unknown[];
  record: Record<string, unknown>;
  any: any;
  anys: any[];
}

@service()
export class Free {
  @handler()
  async put(_: Context, value: Holder): Promise<Holder> {
    return value;
  }

  @handler()
  async json(_: Context, value: Json): Promise<Json> {
    return value;
  }

  @handler()
  async unknown(_: Context, value: unknown): Promise<unknown> {
    return value;
  }

  @handler()
  async record(_: Context, value: Record<string, unknown>): Promise<Record<string, unknown>> {
    return value;
  }
}
