import { handler, service, type Context } from "@perdure/sdk";

/** @renamedFrom Shape */
export type Figure = { kind: "circle"; at: [number, number]; size: number } | { kind: "square"; color: string; side: number };

@service()
export class Shapes {
  @handler()
  async put(_: Context, value: Figure): Promise<Figure> {
    return value;
  }

  @handler()
  async maybe(_: Context, value: Figure | null): Promise<Figure | null> {
    return value;
  }
}
