import { handler, handlers, serde, service, type Context } from "@perdure/sdk";
import { z } from "zod";

const Address = z.object({ city: z.string(), zip: z.string().optional() });

const User = z.object({
  name: z.string().min(1).describe("What people call them."),
  age: z.number().int(),
  email: z.email().nullable(),
  plan: z.enum(["free", "pro"]),
  tags: z.array(z.string()).default([]),
  address: Address,
  born: z.iso.date(),
  extra: z.record(z.string(), z.number()),
});

export type User = z.infer<typeof User>;

const Event = z.discriminatedUnion("type", [
  z.object({ type: z.literal("login"), ip: z.string() }),
  z.object({ type: z.literal("logout") }),
]);

@service()
export class Accounts {
  @handler({ input: serde.schema(User), output: serde.schema(z.object({ id: z.string() })) })
  async create(_: Context, user: User): Promise<{ id: string }> {
    return { id: user.name };
  }

  @handler({ input: serde.schema(Event) })
  async log(_: Context, event: z.infer<typeof Event>): Promise<void> {
    void event;
  }
}

export const more = service({
  name: "More",
  handlers: {
    rename: handlers.handler({ input: serde.schema(z.tuple([z.string(), z.string()])) }, async (_: Context, [from, to]): Promise<string> => from + to),
    trim: handlers.handler({ input: serde.schema(z.string().transform((text) => text.length)) }, async (_: Context, length: number): Promise<number> => length),
  },
});
