// Numbers over many edits: each edit adds, removes, renames or retypes members, and the output of one is the previous
// output of the next. What is held: a number never comes to mean anything else.

import { create, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema, type DescriptorProto } from "@bufbuild/protobuf/wkt";
import { ManifestSchema, type Manifest } from "@perdure/proto/manifest/v1/manifest";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Model } from "../model/services.js";
import type { ValueType } from "../model/types.js";
import { lower } from "./lower.js";
import {
  array,
  bigint,
  date,
  enumeration,
  map,
  modelWith,
  named,
  number,
  object,
  optional,
  string,
  type MemberSpec,
} from "./model.fixture.js";

const types: readonly ValueType[] = [
  string,
  number,
  bigint,
  date,
  array(string),
  map(number),
  named("Address"),
];

interface Field {
  readonly type: number;
  readonly optional: boolean;
  readonly renamedFrom?: string;
}

type Fields = ReadonlyMap<string, Field>;

const names = fc.constantFrom("a", "b", "c", "d", "e", "f", "g", "h");

const edits = fc.oneof(
  fc.record({ kind: fc.constant("put"), name: names, type: fc.nat(types.length - 1) }),
  fc.record({ kind: fc.constant("remove"), name: names }),
  fc.record({ kind: fc.constant("rename"), name: names, to: names }),
  fc.record({ kind: fc.constant("optional"), name: names }),
);

function edited(
  fields: Fields,
  edit: typeof edits extends fc.Arbitrary<infer E> ? E : never,
): Fields {
  // Tags of the last edit are taken away with the next.
  const next = new Map(
    [...fields].map(([name, { renamedFrom: _, ...field }]) => [name, field as Field]),
  );
  const field = next.get(edit.name);
  if ("type" in edit) {
    next.set(edit.name, { type: edit.type, optional: false });
  } else if ("to" in edit) {
    if (field === undefined || next.has(edit.to)) return next;
    next.delete(edit.name);
    next.set(edit.to, { ...field, renamedFrom: edit.name });
  } else if (edit.kind === "remove") {
    next.delete(edit.name);
  } else if (field !== undefined) {
    next.set(edit.name, { ...field, optional: !field.optional });
  }
  return next;
}

/** Optional lists and maps are messages; of everything else `optional` changes nothing on the wire. */
function wireTypeOf({ type, optional: may }: Field): string {
  const { kind } = types[type] ?? string;
  return may && (kind === "array" || kind === "map") ? `${kind}?` : `${type}`;
}

function modelFor(fields: Fields): Model {
  const members = [...fields].map(([name, { type, renamedFrom, optional: may }]) => {
    const spec: MemberSpec = {
      type: types[type] ?? string,
      optional: may,
      ...(renamedFrom === undefined ? {} : { renamedFrom }),
    };
    return [name, spec] as const;
  });
  return modelWith(
    object("User", Object.fromEntries(members)),
    object("Address", { city: string }),
  );
}

function lowered(model: Model, previous?: Manifest): { manifest: Manifest; user: DescriptorProto } {
  const { file, diagnostics } = lower(model, "tour.v1", previous);
  expect(diagnostics).toEqual([]);
  const user = file?.messageType.find(({ name }) => name === "User");
  if (file === undefined || user === undefined) throw new Error("no message User");
  const set = create(FileDescriptorSetSchema, { file: [file] });
  const manifest = create(ManifestSchema, {
    descriptorSet: toBinary(FileDescriptorSetSchema, set),
  });
  return { manifest, user };
}

function numbersOf({ field }: DescriptorProto): Record<string, number> {
  return Object.fromEntries(field.map(({ name, number: at }) => [name, at]));
}

function reservedOf({ reservedRange }: DescriptorProto): number[] {
  return reservedRange.flatMap(({ start, end }) =>
    Array.from({ length: end - start }, (_, at) => start + at),
  );
}

describe("numbers of fields", () => {
  it("never move and are never used again, whatever is edited", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.array(edits, { minLength: 1, maxLength: 25 }), (steps) => {
        let fields: Fields = new Map();
        let previous = lowered(modelFor(fields));
        /** What each number means: one life of one field of one type. */
        const meanings = new Map<number, { type: string; name: string; live: boolean }>();
        for (const step of steps) {
          fields = edited(fields, step);
          const next = lowered(modelFor(fields), previous.manifest);
          const numbers = numbersOf(next.user);
          const used = new Set(Object.values(numbers));
          expect(used.size).toBe(fields.size);
          for (const [name, field] of fields) {
            const { renamedFrom } = field;
            const type = wireTypeOf(field);
            const at = numbers[name] ?? 0;
            const meaning = meanings.get(at);
            if (meaning !== undefined) {
              expect(meaning.live).toBe(true);
              expect(meaning.type).toBe(type);
              expect([name, renamedFrom]).toContain(meaning.name);
            }
            // What was there with this type before still has its number.
            const before = [...meanings].find(
              ([, one]) => one.live && one.name === (renamedFrom ?? name) && one.type === type,
            );
            if (before !== undefined) expect(at).toBe(before[0]);
          }
          for (const [at, meaning] of meanings) if (!used.has(at)) meaning.live = false;
          for (const [name, field] of fields) {
            meanings.set(numbers[name] ?? 0, { type: wireTypeOf(field), name, live: true });
          }
          const reserved = reservedOf(next.user);
          expect(reserved.toSorted((a, b) => a - b)).toEqual(
            [...meanings]
              .filter(([, { live }]) => !live)
              .map(([at]) => at)
              .toSorted((a, b) => a - b),
          );
          expect(next.user.reservedName.filter((name) => name in numbers)).toEqual([]);
          previous = next;
        }
      }),
      { numRuns: 60 },
    );
  });

  it("stay as they are when nothing changes, in whatever order the members are written", () => {
    const first = lowered(modelWith(object("User", { a: string, b: number, c: string })));
    const second = lowered(
      modelWith(object("User", { c: string, a: string, b: number })),
      first.manifest,
    );
    expect(numbersOf(second.user)).toEqual({ a: 1, b: 2, c: 3 });
    expect(second.manifest).toEqual(first.manifest);
  });

  it("reserve what is gone, number and name", () => {
    const first = lowered(modelWith(object("User", { a: string, b: number, c: string })));
    const { user } = lowered(modelWith(object("User", { c: string })), first.manifest);
    expect(numbersOf(user)).toEqual({ c: 3 });
    expect(user.reservedName).toEqual(["a", "b"]);
    expect(user.reservedRange.map(({ start, end }) => [start, end])).toEqual([[1, 3]]);
  });

  it("go with a renamed member, whose old name is free", () => {
    const first = lowered(modelWith(object("User", { mail: string, b: number })));
    const email = { type: string, renamedFrom: "mail" };
    const { user } = lowered(modelWith(object("User", { b: number, email })), first.manifest);
    expect(numbersOf(user)).toEqual({ email: 1, b: 2 });
    expect(user.reservedName).toEqual([]);
  });

  it("go with a renamed type, also inside of lists", () => {
    const before = object("User", {
      home: named("Address"),
      homes: optional(array(named("Address"))),
    });
    const first = lowered(modelWith(before, object("Address", { city: string, zip: string })));
    const after = object("User", { homes: optional(array(named("Place"))), home: named("Place") });
    const place = object("Place", { zip: string, city: string }, { renamedFrom: "Address" });
    const { file } = lower(modelWith(after, place), "tour.v1", first.manifest);
    const found = Object.fromEntries(
      (file?.messageType ?? []).map((message) => [message.name, numbersOf(message)]),
    );
    expect(found).toMatchObject({
      User: { home: 1, homes: 2 },
      Place: { city: 1, zip: 2 },
      PlaceList: { items: 1 },
    });
  });

  it("are new for a field of another type", () => {
    const first = lowered(modelWith(object("User", { a: string, b: number })));
    const { user } = lowered(modelWith(object("User", { a: number, b: number })), first.manifest);
    expect(numbersOf(user)).toEqual({ b: 2, a: 3 });
    expect(reservedOf(user)).toEqual([1]);
    expect(user.reservedName).toEqual([]);
  });

  it("keep away from protobuf's own", () => {
    const first = lowered(modelWith(object("User", { a: string })));
    const { user, manifest } = first;
    user.reservedRange.push({
      $typeName: "google.protobuf.DescriptorProto.ReservedRange",
      start: 2,
      end: 19_000,
    });
    const { file } = lower(modelWith(object("User", { a: string })), "tour.v1", manifest);
    const message = file?.messageType.find(({ name }) => name === "User");
    if (file === undefined || message === undefined) throw new Error("no message User");
    message.reservedRange.push(...user.reservedRange);
    const set = create(FileDescriptorSetSchema, { file: [file] });
    const previous = create(ManifestSchema, {
      descriptorSet: toBinary(FileDescriptorSetSchema, set),
    });
    const next = lowered(modelWith(object("User", { a: string, b: string })), previous);
    expect(numbersOf(next.user)).toEqual({ a: 1, b: 20_000 });
  });

  it("start from 1 in another package", () => {
    const first = lowered(modelWith(object("User", { a: string, b: string })));
    const { file } = lower(modelWith(object("User", { b: string })), "tour.v2", first.manifest);
    const user = file?.messageType.find(({ name }) => name === "User");
    expect(user === undefined ? {} : numbersOf(user)).toEqual({ b: 1 });
  });
});

describe("numbers of enum values", () => {
  const valuesOf = (values: Parameters<typeof enumeration>[1], previous?: Manifest, more = {}) => {
    const plan = enumeration("Plan", values, more);
    const model = modelWith(object("User", { plan: named(plan.name) }), plan);
    const { manifest } = lowered(model, previous);
    const { file } = lower(model, "tour.v1", previous);
    const found = file?.enumType[0];
    return {
      manifest,
      numbers: Object.fromEntries((found?.value ?? []).map(({ name, number: at }) => [name, at])),
      reserved: found?.reservedRange.map(({ start, end }) => [start, end]),
      reservedNames: found?.reservedName,
    };
  };

  it("stay, and those of removed values are reserved", () => {
    const first = valuesOf(["free", "pro", "max"]);
    const next = valuesOf(["max", "team", "free"], first.manifest);
    expect(next.numbers).toEqual({ PLAN_UNSPECIFIED: 0, PLAN_FREE: 1, PLAN_MAX: 3, PLAN_TEAM: 4 });
    expect(next.reserved).toEqual([[2, 2]]);
    expect(next.reservedNames).toEqual(["PLAN_PRO"]);
  });

  it("go with a value that has another name and is the same in JSON", () => {
    const first = valuesOf({ Free: "free", Pro: "pro" });
    const next = valuesOf({ Professional: "pro", Free: "free" }, first.manifest);
    expect(next.numbers).toEqual({ PLAN_UNSPECIFIED: 0, PLAN_FREE: 1, PLAN_PROFESSIONAL: 2 });
    expect(next.reservedNames).toEqual([]);
  });
});
