import { hostname } from "node:os";
import { handler, service, type Context } from "@perdure/sdk";

const region = process.env["REGION"];

@service()
export class Processes {
  @handler()
  async go(_: Context): Promise<string> {
    return `${hostname()} ${process.env["STAGE"] ?? ""} ${String(process.pid)} ${region ?? ""}`;
  }
}
