import { handler, serde, service, type Context } from "@perdure/sdk";
import * as v from "valibot";

const User = v.object({
  name: v.pipe(v.string(), v.minLength(1)),
  age: v.optional(v.number()),
  plan: v.picklist(["free", "pro"]),
  address: v.nullable(v.object({ city: v.string() })),
  count: v.optional(v.number(), 1),
});

export type User = v.InferOutput<typeof User>;

@service()
export class Accounts {
  @handler({ input: serde.schema(User), output: serde.schema(v.array(v.string())) })
  async create(_: Context, user: User): Promise<string[]> {
    return [user.name];
  }
}
