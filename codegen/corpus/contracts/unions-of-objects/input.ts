import { handler, service, type Context } from "@perdure/sdk";

export interface Circle {
  kind: "circle";
  radius: number;
}

export interface Square {
  kind: "square";
  side: number;
}

/** What is drawn. */
export type Shape = Circle | Square | { kind: "dot" };

export type Outcome = { ok: true; value: string } | { ok: false; error: string };

export interface Drawing {
  first: Shape;
  others: Shape[];
  byName: Record<string, Shape>;
  maybe?: Shape;
  orNull: Shape | null;
  either?: Shape | null;
  inline: { type: 1; a: string } | { type: 2; b: string };
}

@service()
export class Drawings {
  @handler()
  async put(_: Context, value: Drawing): Promise<Drawing> {
    return value;
  }

  @handler()
  async draw(_: Context, value: Shape): Promise<Shape> {
    return value;
  }

  @handler()
  async outcome(_: Context, value: Outcome): Promise<Outcome> {
    return value;
  }
}
