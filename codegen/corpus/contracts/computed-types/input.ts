import { handler, service, type Context } from "@perdure/sdk";

const defaults = { retries: 3, name: "x", nested: { on: true } };
const levels = ["low", "high"] as const;

function load() {
  return { id: 1, tags: ["a"], when: new Date(0), maybe: undefined as string | undefined };
}

export type Settings = typeof defaults;
export type Level = (typeof levels)[number];
export type Loaded = ReturnType<typeof load>;
export type Flags = { [K in Level]: boolean };
export type Getters = { [K in Level as `get${Capitalize<K>}`]?: number };
export type Path = `/${string}`;
export type Size = `${Level}-size`;
export type Unwrapped = Awaited<Promise<Loaded>>;
export type TextOf<T> = T extends string ? "text" : "other";

@service()
export class Computed {
  @handler()
  async settings(_: Context, value: Settings): Promise<Settings> {
    return value;
  }

  @handler()
  async level(_: Context, value: Level): Promise<Level> {
    return value;
  }

  @handler()
  async loaded(_: Context, value: Loaded): Promise<Loaded> {
    return value;
  }

  @handler()
  async flags(_: Context, value: Flags): Promise<Flags> {
    return value;
  }

  @handler()
  async getters(_: Context, value: Getters): Promise<Getters> {
    return value;
  }

  @handler()
  async path(_: Context, value: Path): Promise<Path> {
    return value;
  }

  @handler()
  async size(_: Context, value: Size): Promise<Size> {
    return value;
  }

  @handler()
  async unwrapped(_: Context, value: Unwrapped): Promise<Unwrapped> {
    return value;
  }

  @handler()
  async kind(_: Context, value: TextOf<string>): Promise<TextOf<string>> {
    return value;
  }
}
