import { handler, service, type Context } from "@perdure/sdk";

let count = 0;
const seen = new Map<string, number>();
const fixed = { limit: 5 };

@service()
export class States {
  #last = "";

  @handler()
  async go(_: Context, name: string): Promise<number> {
    count += 1;
    if (this.#last === name) return 0;
    this.#last = name;
    seen.set(name, count);
    return count + (seen.get(name) ?? 0) + fixed.limit;
  }
}
