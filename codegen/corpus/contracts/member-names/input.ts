import { handler, service, type Context } from "@perdure/sdk";

export interface Names {
  userID: string;
  HTTPServer: string;
  "content-type": string;
  _id: string;
  $ref: string;
  größe: number;
  "2fa": boolean;
  constructor: string;
  toString: string;
  snake_case: string;
  UPPER_CASE: string;
  a1: string;
  oauth2Token: string;
  "with space": string;
  日本: string;
  "a/b": string;
  message: string;
  oneof: string;
  1: string;
}

@service()
export class Naming {
  @handler()
  async put(_: Context, value: Names): Promise<Names> {
    return value;
  }
}
