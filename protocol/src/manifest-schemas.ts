// Which JSON Schemas of two manifests can be compared. What the types say is compared with what the types say, and what
// a serde says of itself with what a serde says: a serde knows formats and bounds that no type has, and the one beside
// the other would be a change where nothing changed.

import type { Handler } from "@perdure/proto/manifest/v1/manifest";
import type { Direction } from "./type-change.js";

export function schemasToCompare(
  was: Handler,
  is: Handler,
  direction: Direction,
): readonly [before: string, after: string] {
  const [before, after] = [schemasOf(was, direction), schemasOf(is, direction)];
  // Endpoints without a contract see no types: what was there is what a serde said. Nobody knows what the types were.
  if (was.protoMethod === "" && is.protoMethod !== "" && !after.isOfSerde)
    return ["", after.served];
  const isOfTypes =
    before.isOfSerde !== after.isOfSerde && before.ofTypes !== "" && after.ofTypes !== "";
  return isOfTypes ? [before.ofTypes, after.ofTypes] : [before.served, after.served];
}

interface Schemas {
  readonly served: string;
  /** Empty: not known. */
  readonly ofTypes: string;
  /** What is served is not what the types say. */
  readonly isOfSerde: boolean;
}

function schemasOf(handler: Handler, direction: Direction): Schemas {
  const served = handler[direction]?.jsonSchema ?? "";
  const beside = handler[direction]?.typesJsonSchema ?? "";
  const isGenerated = handler.protoMethod !== "";
  return { served, ofTypes: beside || (isGenerated ? served : ""), isOfSerde: beside !== "" };
}
