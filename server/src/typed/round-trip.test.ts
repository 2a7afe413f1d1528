// Any value of any type goes to protobuf and back, through this room on one side and the protobuf library on the other.

import { fromBinary, fromJson, toBinary, toJson, toJsonString } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { methodWith } from "./contract.fixture.js";
import { anyType, valueOf, type TypeForm } from "./type-forms.fixture.js";
import type { TypedMethod } from "./typed-services.js";

/** Types are compiled anew for each run. */
const timeoutMs = 60_000;

const typeAndValue = anyType.chain((type) =>
  fc.tuple(fc.constant(type), fc.boolean(), valueOf(type)),
);

test(
  "a value that a handler gave is the same value when it comes as the input of another",
  () => {
    fc.assert(
      fc.property(typeAndValue, ([type, optional, value]) => {
        const method = methodOf(type, optional);
        const text = JSON.stringify(value);

        const response = fromBinary(method.desc.output, written(method, text));
        const request = toBinary(method.desc.input, requestWith(method, outputOf(response)));

        expect(inputOf(method.readRequest(request))).toBe(text);
      }),
      { numRuns: 200 },
    );
  },
  timeoutMs,
);

test(
  "protobuf's JSON asks for and answers the same as its binary form",
  () => {
    fc.assert(
      fc.property(typeAndValue, ([type, optional, value]) => {
        const method = methodOf(type, optional);
        const text = JSON.stringify(value);
        const { output } = method.desc;

        const asJson = method.writeResponseJson({
          output: Buffer.from(text),
          invocationId: "inv_1",
        });
        const response = fromJson(output, JSON.parse(asJson) as never);
        expect(toJson(output, fromBinary(output, written(method, text)))).toEqual(
          toJson(output, response),
        );

        const request = toJsonString(method.desc.input, requestWith(method, outputOf(response)));
        expect(inputOf(method.readRequestJson(request))).toBe(text);
      }),
      { numRuns: 200 },
    );
  },
  timeoutMs,
);

test(
  "JSON that protobuf's rules allow and handlers don't have means the same in either way",
  () => {
    fc.assert(
      fc.property(typeAndValue, fc.nat(), fc.nat(), ([type, optional, value], place, how) => {
        const method = methodOf(type, optional);
        const { input } = method.desc;
        const request = { key: "k", input: value } as never;
        const json = changed(request, place, changes[how % changes.length] ?? drop);
        const slowly = attempt(() =>
          method.readRequest(toBinary(input, fromJson(input, json, { ignoreUnknownFields: true }))),
        );

        expect(attempt(() => method.readRequestJson(JSON.stringify(json)))).toBe(slowly);
      }),
      { numRuns: 150 },
    );
  },
  timeoutMs,
);

test(
  "whatever bytes come as a request, they are read or refused in words",
  () => {
    fc.assert(
      fc.property(
        anyType,
        fc.oneof(fc.uint8Array({ maxLength: 60 }), fc.uint8Array({ maxLength: 40 }).map(asInput)),
        (type, bytes) => {
          const method = methodOf(type, false);
          try {
            const text = inputOf(method.readRequest(bytes));
            if (text !== undefined) JSON.parse(text);
          } catch (error) {
            expect(error).toMatchObject({ name: "TranscodeError", code: "PDR3032" });
          }
        },
      ),
      { numRuns: 300 },
    );
  },
  timeoutMs,
);

test(
  "whatever JSON comes as an output, it is written or refused in words",
  () => {
    fc.assert(
      fc.property(anyType, fc.json(), (type, json) => {
        const method = methodOf(type, false);
        try {
          fromBinary(method.desc.output, written(method, json));
        } catch (error) {
          expect(error).toMatchObject({ name: "TranscodeError", code: "PDR3033" });
        }
      }),
      { numRuns: 150 },
    );
  },
  timeoutMs,
);

function methodOf(type: TypeForm, optional: boolean): TypedMethod {
  const presence = { optional };
  return methodWith({
    input: type,
    output: type,
    inputPresence: presence,
    outputPresence: presence,
  });
}

function written(method: TypedMethod, output: string): Uint8Array {
  return method.writeResponse({ output: Buffer.from(output), invocationId: "inv_1" });
}

/** The input has the same type as the output, so its messages are the same. */
function requestWith(method: TypedMethod, input: unknown): never {
  return {
    ...fromBinary(method.desc.input, new Uint8Array()),
    key: "k",
    ...(input === undefined ? {} : { input }),
  } as never;
}

function outputOf(response: object): unknown {
  return (response as { output?: unknown }).output;
}

function inputOf({ input }: { readonly input?: Uint8Array }): string | undefined {
  return input === undefined ? undefined : Buffer.from(input).toString();
}

/** As the content of field 2. */
function asInput(content: Uint8Array): Uint8Array {
  return Uint8Array.of(0x12, content.length, ...content);
}

type Change = (object: Record<string, unknown>, name: string) => void;

const drop: Change = (object, name) => {
  Reflect.deleteProperty(object, name);
};
const changes: readonly Change[] = [
  drop,
  (object, name) => (object[name] = null),
  (object, name) => (object[name] = textOf(object[name])),
  (object, name) => (object[`${name}_`] = 1),
  (object) => (object["f_0"] = object["a"]),
];

/** A member may have any name, toString included. */
function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** One member of one object in it is changed; which one, the number says. */
function changed(json: never, place: number, change: Change): never {
  const found: [Record<string, unknown>, string][] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const name of Object.keys(value)) {
      found.push([value as Record<string, unknown>, name]);
      visit((value as Record<string, unknown>)[name]);
    }
  };
  const copy = structuredClone(json);
  visit(copy);
  const [object, name] = found[place % found.length] ?? [{}, ""];
  change(object, name);
  // Without what is undefined.
  return JSON.parse(JSON.stringify(copy)) as never;
}

function attempt(read: () => { readonly input?: Uint8Array; readonly key?: string }): string {
  try {
    const request = read();
    return `${request.key ?? ""} ${inputOf(request) ?? "none"}`;
  } catch {
    return "refused";
  }
}
