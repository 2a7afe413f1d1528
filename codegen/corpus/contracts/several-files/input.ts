import { handler, service, type Context } from "@perdure/sdk";
import type { Mail } from "./mail.js";
import * as shapes from "./shapes.js";
import type { User as Person } from "./user.js";

@service()
export class Post {
  @handler()
  async send(_: Context, mail: Mail): Promise<shapes.Shape> {
    return { kind: "dot", note: mail.text };
  }

  @handler()
  async receive(_: Context, from: Person): Promise<Mail[]> {
    return [{ from, to: [], text: "" }];
  }
}
