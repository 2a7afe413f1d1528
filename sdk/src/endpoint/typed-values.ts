// Inputs and outputs of the types that codegen read: where they have Date, bigint or Uint8Array in them, their serde
// is JSON by the codec of their schema, in place of plain JSON. Serdes that the code declares are left alone.

import type { Handler, Manifest } from "@perdure/proto/manifest/v1/manifest";
import type { CalleeSerdes, DeclaredSerdes } from "../definitions/declared-serdes.js";
import type { ServiceModel } from "../definitions/model.js";
import { handlerSerde } from "../attempt/results.js";
import { codecSerde } from "../serde/codec-serde.js";
import { defaultSerde, type Serde } from "../serde/serde.js";

const directions = ["input", "output"] as const;

/** Handlers with their serdes by the merged manifest, for those that declare none. */
export function withTypedValues(
  services: ReadonlyMap<string, ServiceModel>,
  manifest: Manifest,
): ReadonlyMap<string, ServiceModel> {
  const result = new Map(services);
  for (const { name, handlers } of manifest.services) {
    const service = services.get(name);
    if (service === undefined) continue;
    const typed = new Map(service.handlers);
    for (const known of handlers) {
      const handler = typed.get(known.name);
      if (handler === undefined) continue;
      const serdes = typedSerdes(known, (direction) => {
        const isOwn = handler.options[direction] !== undefined;
        return !isOwn && handlerSerde(service, handler, direction) === defaultSerde();
      });
      if (serdes === undefined) continue;
      typed.set(known.name, { ...handler, options: { ...handler.options, ...serdes } });
      result.set(name, { ...service, handlers: typed });
    }
  }
  return result;
}

/**
 * For calls: of the services that are served, what was made of them; of the others, what the manifests say.
 * @returns undefined where plain JSON does for all
 */
export function calleeSerdesOf(
  services: ReadonlyMap<string, ServiceModel>,
  generated: readonly Manifest[],
): CalleeSerdes | undefined {
  const known = new Map<string, DeclaredSerdes>();
  for (const { name, handlers } of generated.flatMap((manifest) => manifest.services)) {
    const served = services.get(name);
    for (const handler of handlers) {
      const serdes = typedSerdes(handler, () => true);
      if (serdes === undefined) continue;
      const own = served?.handlers.get(handler.name)?.options;
      const { input, output } = served === undefined ? serdes : (own ?? {});
      known.set(keyOf(name, handler.name), { input, output });
    }
  }
  if (known.size === 0) return undefined;
  return (service, handler) => known.get(keyOf(service, handler));
}

/** Undefined where plain JSON does for both. */
function typedSerdes(
  handler: Handler,
  isWanted: (direction: "input" | "output") => boolean,
): { readonly input?: Serde<unknown>; readonly output?: Serde<unknown> } | undefined {
  const serdes: { input?: Serde<unknown>; output?: Serde<unknown> } = {};
  for (const direction of directions) {
    const schema = handler[direction]?.jsonSchema ?? "";
    // Most have no such values; and what codegen wrote has one only where the value is JSON.
    if (!schema.includes("x-perdure-type") || !isWanted(direction)) continue;
    const made = codecSerde(JSON.parse(schema) as object);
    if (made !== undefined) serdes[direction] = made;
  }
  return Object.keys(serdes).length === 0 ? undefined : serdes;
}

function keyOf(service: string, handler: string): string {
  return `${service}\n${handler}`;
}
