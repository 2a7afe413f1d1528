import { describe, expect, expectTypeOf, test } from "vitest";
import {
  definitionSymbol,
  descriptorOf,
  kindOf,
  nameOf,
  type Definition,
  type Descriptor,
  type FunctionsOf,
  type HandlerDescriptor,
  type HandlersOf,
} from "./definitions.js";

const text = {
  serialize: (value: string): Uint8Array => new TextEncoder().encode(value),
  deserialize: (bytes: Uint8Array): string => new TextDecoder().decode(bytes),
};

const descriptor: Descriptor<"object", "Counter", { add: HandlerDescriptor<string, void> }> = {
  name: "Counter",
  _kind: "object",
  _handlers: { add: { _inputSerde: text } },
};

class Counter {
  static readonly [definitionSymbol] = {
    name: "Renamed",
    kind: "workflow",
    handlers: { run: { _outputSerde: text } },
  };
}

class Older {
  static readonly [definitionSymbol] = { name: "Older", kind: "service" };
}

describe("a definable", () => {
  test("has the name, kind and handlers of its descriptor, or of its class", () => {
    const said = [descriptor, Counter, Older, { name: "Bare" }].map((definable) => [
      nameOf(definable),
      kindOf(definable),
    ]);
    expect(said).toEqual([
      ["Counter", "object"],
      ["Renamed", "workflow"],
      ["Older", "service"],
      ["Bare", undefined],
    ]);
    expect(descriptorOf(descriptor, "add")).toEqual({ _inputSerde: text });
    expect(descriptorOf(Counter, "run")).toEqual({ _outputSerde: text });
  });

  test("has nothing of handlers that it does not declare, inherited names among them", () => {
    for (const definable of [descriptor, Counter, Older, { name: "Bare" }]) {
      for (const name of ["none", "toString", "__proto__"]) {
        expect(descriptorOf(definable, name)).toBeUndefined();
      }
    }
  });
});

test("descriptors stand for functions: of their input, of none, of anything", () => {
  type Functions = FunctionsOf<{
    a: HandlerDescriptor<string, number>;
    b: HandlerDescriptor<void, number>;
    c: HandlerDescriptor;
    d: HandlerDescriptor<string | undefined, void, true>;
  }>;
  expectTypeOf<Functions["a"]>().toEqualTypeOf<(c: never, input: string) => Promise<number>>();
  expectTypeOf<Functions["b"]>().toEqualTypeOf<(c: never) => Promise<number>>();
  expectTypeOf<Parameters<Functions["c"]>["length"]>().toEqualTypeOf<1 | 2>();
  expectTypeOf<Functions["d"]>().toEqualTypeOf<
    (c: never, input: string | undefined) => Promise<void>
  >();
  expectTypeOf<HandlersOf<typeof descriptor>["add"]>().toEqualTypeOf<
    (c: never, input: string) => Promise<void>
  >();
  const named: Definition<"object", "Counter", Functions> = { name: "Counter" };
  expectTypeOf<HandlersOf<typeof named>>().toEqualTypeOf<Functions>();
});
