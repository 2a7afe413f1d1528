import { handler, service, type Context } from "@perdure/sdk";

export type Shape = { kind: "circle"; radius: number } | { kind: "square"; side: number } | string;

@service()
export class Shapes {
  @handler()
  async put(_: Context, value: Shape): Promise<Shape> {
    return value;
  }
}
