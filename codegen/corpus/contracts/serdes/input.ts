import { handler, handlers, serde, service, type Context } from "@perdure/sdk";

export interface User {
  name: string;
}

@service()
export class Files {
  @handler({ input: serde.binary, output: serde.binary })
  async compress(_: Context, bytes: Uint8Array): Promise<Uint8Array> {
    return bytes;
  }

  @handler({ input: serde.json, output: serde.empty })
  async keep(_: Context, user: User): Promise<void> {
    void user;
  }

  @handler({ serde: serde.binary })
  async hash(_: Context, bytes: Uint8Array): Promise<Uint8Array> {
    return bytes;
  }

  @handler({ input: serde.empty })
  async ping(_: Context): Promise<Uint8Array> {
    return new Uint8Array();
  }

  @handler({ input: new serde.JsonSerde<User>() })
  async made(_: Context, user: User): Promise<User> {
    return user;
  }
}

export const functional = service({
  name: "Functional",
  options: { serde: serde.binary },
  handlers: {
    all: async (_: Context, bytes: Uint8Array): Promise<Uint8Array> => bytes,
    own: handlers.handler({ input: serde.json }, async (_: Context, user: User): Promise<Uint8Array> => Buffer.from(user.name)),
  },
});
