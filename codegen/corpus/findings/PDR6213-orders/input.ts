import { handler, service, type Context } from "@perdure/sdk";

async function* lines(): AsyncGenerator<string> {
  yield "a";
}

async function one(): Promise<number> {
  return 1;
}

@service()
export class Orders {
  @handler()
  async go(_: Context): Promise<number> {
    for await (const line of lines()) void line;
    return Promise.race([one(), one()]);
  }
}
