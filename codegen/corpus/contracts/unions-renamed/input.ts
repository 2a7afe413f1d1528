import { handler, service, type Context } from "@perdure/sdk";

export type Shape = { kind: "circle"; radius: number; at: [number, number] } | { kind: "square"; side: number };

@service()
export class Shapes {
  @handler()
  async put(_: Context, value: Shape): Promise<Shape> {
    return value;
  }

  @handler()
  async maybe(_: Context, value: Shape | null): Promise<Shape | null> {
    return value;
  }
}
