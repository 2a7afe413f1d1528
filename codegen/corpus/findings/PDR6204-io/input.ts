import { readFile } from "node:fs/promises";
import { handler, service, type Context } from "@perdure/sdk";

@service()
export class FileReader {
  @handler()
  async go(ctx: Context): Promise<string> {
    const page = await fetch("https://example.com");
    const text = await readFile("a.txt", "utf8");
    await ctx.run("load", () => fetch("https://example.com"));
    return text + String(page.status) + (await load());
  }
}

async function load(): Promise<string> {
  return (await fetch("https://example.com")).text();
}
