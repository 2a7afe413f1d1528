// Names that meet. Protobuf has one scope for all of a package's services, messages, enums and values of enums, one for
// the methods of a service, and one for the fields of a message by name and by JSON name.

import type { Diagnostic } from "../model/diagnostic.js";
import { placeText } from "../model/place.js";
import type { DraftFile, DraftMessage, Origin } from "./draft.js";
import { defaultJsonNameOf, lowerSnakeOf } from "../model/names.js";

interface Claim {
  readonly name: string;
  readonly origin: Origin;
}

export function collisionsOf(file: DraftFile): Diagnostic[] {
  return [
    ...meetings(packageClaims(file), "PDR6102", "in the protobuf package", topAdvice),
    ...file.services.flatMap(({ name, methods }) =>
      meetings(methods, "PDR6102", `in the service ${name}`, "rename one of the two handlers"),
    ),
    ...file.messages.flatMap(fieldCollisions),
    ...file.messages.flatMap(renameCollisions),
    ...file.enums.flatMap(({ name, values, origin }) =>
      meetings(
        values.map((value) => ({
          name: value.name,
          origin: { ...origin, what: `${JSON.stringify(value.value)} of ${origin.what}` },
        })),
        "PDR6105",
        `in the enum ${name}`,
        "rename one of the two members; of a union of literals, make a TypeScript enum, whose members have names",
      ),
    ),
  ];
}

const topAdvice =
  "rename one of the two; the tag @protoName gives an interface, a type or an enum another name in protobuf";

function packageClaims({ services, messages, enums }: DraftFile): Claim[] {
  const values = enums.flatMap(({ values: all, origin, name }) =>
    [`${zeroValueOf(name)}`, ...new Set(all.map((value) => value.name))].map((value) => ({
      name: value,
      origin: { ...origin, what: `a value of ${origin.what}` },
    })),
  );
  return [...services, ...messages, ...enums, ...values];
}

/** What stands for no value at all. */
export function zeroValueOf(enumName: string): string {
  return `${lowerSnakeOf(enumName).toUpperCase()}_UNSPECIFIED`;
}

function fieldCollisions({ name, fields }: DraftMessage): Diagnostic[] {
  const where = `in the message ${name}`;
  const advice = "rename one of the two members";
  const byName = meetings(fields, "PDR6104", where, advice);
  if (byName.length > 0) return byName;
  const claims = (of: (field: DraftMessage["fields"][number]) => string): Claim[] =>
    fields.map((field) => ({ name: of(field), origin: field.origin }));
  const byJson = meetings(
    claims(({ jsonName }) => jsonName),
    "PDR6104",
    where,
    advice,
  );
  if (byJson.length > 0) return byJson;
  return meetings(
    claims((field) => defaultJsonNameOf(field.name)),
    "PDR6104",
    where,
    advice,
  );
}

/** Two members can't both go on with one number. */
function renameCollisions({ fields }: DraftMessage): Diagnostic[] {
  return fields.flatMap((field) => {
    const { renamedFrom, origin } = field;
    if (renamedFrom === undefined) return [];
    const other = fields.find(
      (one) => one !== field && (one.jsonName === renamedFrom || one.renamedFrom === renamedFrom),
    );
    if (other === undefined) return [];
    return [
      diagnostic(
        "PDR6108",
        `${origin.what} says @renamedFrom ${renamedFrom}, and ${other.origin.what} ${other.renamedFrom === renamedFrom ? "says so too" : "still has that name"}`,
        "leave the tag on the one member that the old one became",
        origin,
      ),
    ];
  });
}

function meetings(
  claims: readonly Claim[],
  code: string,
  where: string,
  advice: string,
): Diagnostic[] {
  const first = new Map<string, Claim>();
  return claims.flatMap((claim) => {
    const there = first.get(claim.name);
    first.set(claim.name, there ?? claim);
    if (there === undefined) return [];
    const place = there.origin.place;
    const at = place === undefined ? "" : ` (${placeText(place)})`;
    return [
      diagnostic(
        code,
        `${claim.origin.what} and ${there.origin.what}${at} would both be ${claim.name} ${where}`,
        advice,
        claim.origin,
      ),
    ];
  });
}

function diagnostic(code: string, message: string, advice: string, { place }: Origin): Diagnostic {
  return { code, severity: "error", ...(place === undefined ? {} : { place }), message, advice };
}
