import { handler, service, type Context } from "@perdure/sdk";

export type Shape = number | { kind: "triangle"; a: number } | { kind: "square"; side: number } | { kind: "circle"; x: number; radius: number };

@service()
export class Shapes {
  @handler()
  async put(_: Context, value: Shape): Promise<Shape> {
    return value;
  }
}
