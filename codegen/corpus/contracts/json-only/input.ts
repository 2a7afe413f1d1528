import { handler, service, type Context } from "@perdure/sdk";
import type { Serde } from "@perdure/sdk";

const custom: Serde<Map<string, string>> = {
  serialize: () => new Uint8Array(),
  deserialize: () => new Map(),
};

@service()
export class Partly {
  @handler()
  async typed(_: Context, name: string): Promise<string> {
    return name;
  }

  /**
   * Takes a map.
   * @jsonOnly
   */
  @handler({ input: custom })
  async loose(_: Context, value: Map<string, string>): Promise<Set<string>> {
    return new Set(value.keys());
  }
}

/** @jsonOnly */
@service()
export class Fully {
  @handler()
  async anything(_: Context, value: Map<string, string>): Promise<() => void> {
    return () => void value;
  }
}
