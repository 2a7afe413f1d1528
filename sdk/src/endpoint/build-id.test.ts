import type { Definable } from "@perdure/protocol/definitions";
import { expect, test } from "vitest";
import { modelOf, service } from "../definitions/define.js";
import { buildIdOf } from "./build-id.js";
import { createManifest } from "./manifest.js";

test("a build id changes with what is offered, and with nothing else", async () => {
  const idOf = (...definables: Definable[]): Promise<string> =>
    buildIdOf(createManifest(definables.map((each) => modelOf(each))));
  const one = (options = {}) => service({ name: "S", options, handlers: { a: async () => 1 } });

  expect(await idOf(one())).toMatch(/^[\da-f]{16}$/);
  expect(await idOf(one())).toBe(await idOf(one()));
  expect(await idOf(one())).not.toBe(await idOf(one({ ingressPrivate: true })));
  expect(await idOf(one())).not.toBe(await idOf());
});
