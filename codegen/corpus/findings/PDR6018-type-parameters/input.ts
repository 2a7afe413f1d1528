import { handler, service, type Context } from "@perdure/sdk";

@service()
export class Parametric {
  @handler()
  async any<T>(_: Context, value: T): Promise<T> {
    return value;
  }
}

@service()
export class ParametricClass<T> {
  @handler()
  async put(_: Context, value: T): Promise<void> {
    void value;
  }
}
