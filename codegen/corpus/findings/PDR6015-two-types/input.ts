import { handler, service, type Context } from "@perdure/sdk";

import type { Shared } from "./other.js";

interface Local {
  shared: Shared;
  inner: { deep: string };
}

namespace Inner {
  export interface Shared {
    b: string;
  }
}

interface TwoTypesLocalInner {
  taken: string;
}

interface Pair {
  one: Shared;
  two: Inner.Shared;
}

interface LocalInner {
  taken: string;
}

@service()
export class TwoTypes {
  @handler()
  async local(_: Context, value: Local): Promise<Local> {
    return value;
  }

  @handler()
  async pair(_: Context, value: Pair): Promise<Pair> {
    return value;
  }

  @handler()
  async taken(_: Context, value: LocalInner): Promise<LocalInner> {
    return value;
  }
}
