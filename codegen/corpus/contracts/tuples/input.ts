import { handler, service, type Context } from "@perdure/sdk";

export interface User {
  name: string;
}

export type Point = [number, number];
export type Range = [from: Date, to: Date];

export interface Tuples {
  at: Point;
  during: Range;
  mixed: [string, number | null, User, string[]];
  path: Point[];
  frozen: readonly [string, boolean];
  nested: [Point, [string, Point]];
  maybe?: Point;
  orNull: Point | null;
  byName: Record<string, Point>;
  tagged: ["add", number];
}

@service()
export class Geometry {
  @handler()
  async put(_: Context, value: Tuples): Promise<Tuples> {
    return value;
  }

  @handler()
  async move(_: Context, value: Point): Promise<Point> {
    return value;
  }
}
