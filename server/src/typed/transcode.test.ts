// How values of each form look on either side, and what is said of those that don't fit.

import { create, ScalarType, toBinary, toJsonString, fromBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { describe, expect, test } from "vitest";
import { methodWith } from "./contract.fixture.js";
import { bigint, boolean, bytes, number, string, type TypeForm } from "./type-forms.fixture.js";
import type { TypedMethod } from "./typed-services.js";

const user: TypeForm = {
  kind: "object",
  members: [
    { name: "name", type: string },
    { name: "age", type: { kind: "scalar", scalar: ScalarType.INT32 }, optional: true },
    { name: "born", type: { kind: "date" }, nullable: true },
    { name: "tags", type: { kind: "list", of: { kind: "enum", values: ["a", "b"] } } },
    { name: "home", type: { kind: "object", members: [{ name: "street", type: string }] } },
  ],
};

function writer(): BinaryWriter {
  return new BinaryWriter();
}

function delimited(number: number, content: Uint8Array): Uint8Array {
  return writer().tag(number, WireType.LengthDelimited).bytes(content).finish();
}

function join(...parts: Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** A request whose field `input` has this content. */
function inputText(method: TypedMethod, content: Uint8Array): string | undefined {
  const { input } = method.readRequest(delimited(2, content));
  return input && Buffer.from(input).toString();
}

function refusalOf(act: () => unknown): { code: string; path: string; message: string } {
  try {
    act();
  } catch (error) {
    return error as { code: string; path: string; message: string };
  }
  throw new Error("it was not refused");
}

function outputRefusal(output: TypeForm, json: string): string {
  const method = methodWith({ output });
  const { code, message } = refusalOf(() =>
    method.writeResponse({ output: Buffer.from(json), invocationId: "i" }),
  );
  expect(code).toBe("PDR3033");
  expect(message).toMatch(/^what the handler gave does not fit its type: /);
  expect(message).toMatch(/\. The result is kept as it is: read it over the JSON route$/);
  return (
    message.slice("what the handler gave does not fit its type: ".length).split(". The")[0] ?? ""
  );
}

describe("a request", () => {
  const method = methodWith({ input: string });

  test("is read with everything beside the input", () => {
    const request = writer()
      .uint32(10).string("johndoe")
      .uint32(26).string("once")
      .uint32(34).string("tenant")
      .uint32(42).string("limit")
      .uint32(50).fork().uint32(8).int64(90).uint32(16).int32(500_000_001).join()
      .finish(); // prettier-ignore

    expect(method.readRequest(request)).toEqual({
      key: "johndoe",
      input: Buffer.from('""'),
      idempotencyKey: "once",
      scope: "tenant",
      limitKey: "limit",
      delayMs: 90_501,
    });
  });

  test("has no key where it is empty", () => {
    expect(method.readRequest(delimited(1, new Uint8Array())).key).toBeUndefined();
  });

  test("has no body where the handler takes nothing, or nothing was given", () => {
    expect(methodWith({}).readRequest(new Uint8Array())).toEqual({});
    const optional = methodWith({ input: string, inputPresence: { optional: true } });
    expect(optional.readRequest(new Uint8Array())).toEqual({});
    expect(optional.readRequestJson("{}")).toEqual({});
  });

  test("has null as its body where nothing stands for null", () => {
    const nullable = methodWith({ input: string, inputPresence: { nullable: true } });

    expect(Buffer.from(nullable.readRequest(new Uint8Array()).input ?? []).toString()).toBe("null");
  });

  test("has the bytes themselves where the handler takes bytes", () => {
    const raw = methodWith({ input: bytes, inputType: "application/octet-stream" });
    const json = methodWith({ input: bytes });
    const request = delimited(2, Uint8Array.of(1, 2, 255));

    expect([...(raw.readRequest(request).input ?? [])]).toEqual([1, 2, 255]);
    expect([...(raw.readRequestJson('{"input":"AQL/"}').input ?? [])]).toEqual([1, 2, 255]);
    expect(Buffer.from(json.readRequest(request).input ?? []).toString()).toBe('"AQL/"');
  });

  test("may have fields that the contract does not know", () => {
    const unknown = join(delimited(99, Uint8Array.of(1)), delimited(2, Buffer.from("hi")));

    expect(Buffer.from(method.readRequest(unknown).input ?? []).toString()).toBe('"hi"');
    expect(
      Buffer.from(method.readRequestJson('{"input":"hi","other":1}').input ?? []).toString(),
    ).toBe('"hi"');
  });

  test.each([
    ["is cut off", Uint8Array.of(18, 5, 65), "is not valid protobuf"],
    ["has a bad tag", Uint8Array.of(2, 1), "a bad tag"],
    ["is no UTF-8", Uint8Array.of(18, 1, 0xff), "the request's input is not valid UTF-8"],
    ["has another type", Uint8Array.of(16, 1), "is of another type on the wire"],
    [
      "has a negative delay",
      Uint8Array.of(50, 11, 8, ...Array(9).fill(255), 1),
      "delay is negative",
    ],
  ])("that %s is refused", (_, request, words) => {
    const { code, message } = refusalOf(() => method.readRequest(request));

    expect([code, message]).toEqual(["PDR3032", expect.stringContaining(words)]);
  });

  test.each([
    ["is no JSON", "{", "the request is not test.v1.AddRequest as JSON"],
    ["is of another type", '{"input":1}', "AddRequest.input"],
    ["has half a character", '{"input":"\\ud800"}', "half of a surrogate pair"],
    ["is deep", `{"input":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "AddRequest"],
  ])("as JSON that %s is refused", (_, request, words) => {
    const { code, message } = refusalOf(() => method.readRequestJson(request));

    expect([code, message]).toEqual(["PDR3032", expect.stringContaining(words)]);
  });
});

describe("what a message does not say", () => {
  test("is refused with the path of what is missing", () => {
    const method = methodWith({ input: { kind: "list", of: user } });
    const items = join(delimited(2, delimited(15, Buffer.from("Jo"))));
    const { path, message } = refusalOf(() => method.readRequest(items));

    expect(path).toBe("input[0].home");
    expect(message).toBe("the request's input[0].home must be given");
  });

  test("is refused where it is a literal that has to be chosen", () => {
    const method = methodWith({ input: { kind: "enum", values: ["a", "b"] } });

    expect(refusalOf(() => method.readRequest(new Uint8Array())).message).toBe(
      "the request's input must be given: one of ENUM1_1, ENUM1_2",
    );
    expect(refusalOf(() => method.readRequest(Uint8Array.of(16, 7))).message).toMatch(
      /^the request's input is 7, which Enum1 does not know$/,
    );
  });
});

describe("a message on the wire", () => {
  const home = (content: Uint8Array): Uint8Array => delimited(3, content);
  const street = (text: string): Uint8Array => delimited(3, Buffer.from(text));

  test("that comes in pieces is merged", () => {
    const method = methodWith({ input: user });
    const name = delimited(15, Buffer.from("Jo"));
    const first = delimited(2, join(name, home(street("A"))));
    const second = delimited(2, home(street("B")));
    const { input } = method.readRequest(join(first, second));

    expect(JSON.parse(Buffer.from(input ?? []).toString())).toEqual({
      name: "Jo",
      born: null,
      tags: [],
      home: { street: "B" },
    });
  });

  test("that comes in very many pieces is refused", () => {
    const method = methodWith({ input: user });
    const pieces = join(...Array.from({ length: 1_100 }, () => delimited(2, new Uint8Array())));

    expect(refusalOf(() => method.readRequest(pieces)).message).toMatch(/too many pieces/);
  });

  test("that comes in pieces inside of pieces is refused before they fill the memory", () => {
    const method = methodWith({ input: { kind: "tree" } });
    let tree = delimited(1, new Uint8Array(1_000_000).fill(65));
    for (let depth = 0; depth < 90; depth++) {
      tree = join(delimited(2, new Uint8Array()), delimited(2, tree));
    }

    expect(refusalOf(() => inputText(method, tree)).message).toMatch(/too many pieces$/);
  });

  test("may have its numbers packed or not", () => {
    const method = methodWith({ input: { kind: "list", of: number } });
    const packed = delimited(2, writer().double(1).double(2.5).finish());
    const single = writer()
      .uint32((2 << 3) | 1)
      .double(7)
      .finish();
    const { input } = method.readRequest(join(packed, single));

    expect(Buffer.from(input ?? []).toString()).toBe("[1,2.5,7]");
  });

  test("has the last entry of a map's key, keys that are numbers first, as objects have them", () => {
    const method = methodWith({ input: { kind: "map", of: string } });
    const entry = (key: string, value: string): Uint8Array =>
      delimited(2, join(delimited(1, Buffer.from(key)), delimited(2, Buffer.from(value))));
    const { input } = method.readRequest(
      join(
        entry("b", "1"),
        entry("10", "2"),
        entry("b", "3"),
        entry("9", "4"),
        entry("__proto__", "5"),
      ),
    );

    expect(Buffer.from(input ?? []).toString()).toBe('{"9":"4","10":"2","b":"3","__proto__":"5"}');
  });

  test("has the last of a union's values", () => {
    const method = methodWith({ input: { kind: "union", variants: [string, number] } });
    const both = join(
      delimited(1, Buffer.from("x")),
      writer()
        .uint32((2 << 3) | 1)
        .double(5)
        .finish(),
    );

    expect(inputText(method, both)).toBe("5");
  });

  test("is refused deeper than other protobuf libraries read", () => {
    const method = methodWith({ input: { kind: "tree" } });
    const nested = (depth: number): Uint8Array => {
      let tree: Uint8Array = new Uint8Array();
      for (let at = 0; at < depth; at++) tree = delimited(2, tree);
      return tree;
    };

    expect(inputText(method, nested(98))).toContain('"left"');
    expect(refusalOf(() => inputText(method, nested(99))).message).toMatch(
      /is nested deeper than 100 messages$/,
    );
    expect(refusalOf(() => inputText(method, nested(20_000))).message).toMatch(/deeper/);
  });

  test("is refused where a few bytes stand for a very long text", () => {
    const members = Array.from({ length: 100 }, (_, at) => ({
      name: `a_rather_long_name_of_a_member_${at}`,
      type: string,
    }));
    const method = methodWith({ input: { kind: "list", of: { kind: "object", members } } });
    const one = Uint8Array.of(18, 0);
    const request = join(...Array.from({ length: 10_000 }, () => one));

    expect(refusalOf(() => method.readRequest(request)).message).toMatch(/longer than \d+ bytes/);
  });

  test("is refused where a few bytes stand for very much work", () => {
    const members = Array.from({ length: 1_000 }, (_, at) => ({
      name: `m${at}`,
      type: string,
      optional: true,
    }));
    const method = methodWith({ input: { kind: "list", of: { kind: "object", members } } });
    const request = new Uint8Array(200_000);
    for (let at = 0; at < request.length; at += 2) request[at] = 18;

    expect(refusalOf(() => method.readRequest(request)).message).toMatch(/fields in all/);
  });
});

describe("times", () => {
  const method = methodWith({ input: { kind: "date" }, output: { kind: "date" } });
  const time = (seconds: number, nanos: number): string | undefined =>
    inputText(method, writer().uint32(8).int64(seconds).uint32(16).int32(nanos).finish());

  test.each([
    [0, 0, '"1970-01-01T00:00:00.000Z"'],
    [1_600_000_000, 5_000_000, '"2020-09-13T12:26:40.005Z"'],
    [1_600_000_000, 5_000_001, '"2020-09-13T12:26:40.005000001Z"'],
    [1_600_000_000, 120_500_000, '"2020-09-13T12:26:40.120500Z"'],
    [-1, 999_000_000, '"1969-12-31T23:59:59.999Z"'],
    [-62_135_596_800, 0, '"0001-01-01T00:00:00.000Z"'],
  ])("of %i s and %i ns are %s", (seconds, nanos, text) => {
    expect(time(seconds, nanos)).toBe(text);
  });

  test.each([
    [253_402_300_800, 0],
    [0, -1],
    [0, 1_000_000_000],
  ])("of %i s and %i ns are refused", (seconds, nanos) => {
    expect(refusalOf(() => time(seconds, nanos)).code).toBe("PDR3032");
  });

  test.each([
    ["2020-09-13T12:26:40+02:00", "2020-09-13T10:26:40.000Z"],
    ["2020-09-13t12:26:40.1z", "2020-09-13T12:26:40.100Z"],
    ["0050-02-28T00:00:00.123456789Z", "0050-02-28T00:00:00.123456789Z"],
  ])("that a handler writes as %s are %s", (text, same) => {
    const response = method.writeResponse({ output: Buffer.from(`"${text}"`), invocationId: "" });
    const { output } = fromBinary(method.desc.output, response) as unknown as { output: never };
    const request = create(method.desc.input, { input: output } as never);

    const { input } = method.readRequest(toBinary(method.desc.input, request));
    expect(Buffer.from(input ?? []).toString()).toBe(`"${same}"`);
  });

  test.each([
    "2020-02-30T00:00:00Z",
    "2020-01-01",
    "+010000-01-01T00:00:00.000Z",
    "2020-01-01T24:00:00Z",
  ])("that a handler writes as %s are refused", (text) => {
    expect(outputRefusal({ kind: "date" }, `"${text}"`)).toMatch(/^output is no/);
  });
});

describe("what a handler gave", () => {
  test.each<[string, TypeForm, string, string]>([
    ["is nothing", string, "", "output is missing"],
    ["is no JSON", string, "{", "output is not JSON"],
    ["is no UTF-8", string, '"\ufffd', "output is not JSON"],
    ["is of another type", string, "1", "output must be a string, not a number"],
    ["is null", user, "null", "output must be an object, not null"],
    [
      "has half a character",
      string,
      '"\\ud83d"',
      "output has half of a surrogate pair, which protobuf's strings can't hold",
    ],
    ["has a member missing", user, '{"name":"Jo"}', "output.born is missing"],
    [
      "has a number that does not fit",
      { kind: "list", of: { kind: "scalar", scalar: ScalarType.INT32 } },
      "[1,2.5]",
      "output[1] is 2.5, but must be an integer of 32 bits",
    ],
    [
      "has a bigint that does not fit",
      bigint,
      '"9223372036854775808"',
      "output is 9223372036854775808, but must be an integer of 64 bits",
    ],
    [
      "has a bigint that is none",
      bigint,
      '"1e3"',
      "output must be an integer of 64 bits as decimal text, not a string",
    ],
    [
      "is a number that is not exact",
      { kind: "scalar", scalar: ScalarType.INT64, number: true },
      "9007199254740993",
      "output is 9007199254740992, but must be an integer of 64 bits, within 2^53",
    ],
    [
      "is a literal that nobody knows",
      { kind: "enum", values: ["a"] },
      '"c"',
      'output is "c", which Enum1 does not know',
    ],
    ["is no base64", bytes, '"a"', "output is not base64"],
    [
      "is none of a union's",
      { kind: "union", variants: [string, number] },
      "true",
      "output is a boolean that is none of what Message1 can be",
    ],
    [
      "is a tuple that is too long",
      { kind: "tuple", items: [string] },
      '["a","b"]',
      "output must have 1 items, not 2",
    ],
    [
      "has another constant",
      { kind: "object", constants: { kind: "circle" }, members: [] },
      '{"kind":"square"}',
      'output.kind must be "circle", as every Message1 has it',
    ],
    [
      "has a member that every object seems to have",
      { kind: "object", members: [{ name: "constructor", type: string }] },
      "{}",
      "output.constructor is missing",
    ],
    [
      "is no boolean in a map",
      { kind: "map", of: boolean },
      '{"a b":0}',
      'output["a b"] must be a boolean, not a number',
    ],
  ])("is refused where it %s", (_, type, json, words) => {
    expect(outputRefusal(type, json)).toBe(words);
  });

  test("loses members that its type does not have", () => {
    const method = methodWith({
      output: { kind: "object", members: [{ name: "a", type: string }] },
    });
    const response = { output: Buffer.from('{"a":"x","b":1}'), invocationId: "i" };

    expect(method.writeResponseJson(response)).toBe('{"output":{"a":"x"},"invocationId":"i"}');
  });

  test("may be nothing where its type says so", () => {
    const response = { output: new Uint8Array(), invocationId: "i" };
    const presence = { outputPresence: { optional: true } };

    for (const form of [
      {},
      { output: string, ...presence },
      { output: { kind: "json" } as const },
    ]) {
      const method = methodWith(form);
      expect(method.writeResponseJson(response)).toBe('{"invocationId":"i"}');
      expect([...method.writeResponse(response)]).toEqual([18, 1, 105]);
    }
  });

  test("is the bytes themselves where the handler gives bytes", () => {
    const method = methodWith({ output: bytes, outputType: "application/octet-stream" });
    const response = { output: Uint8Array.of(0, 255), invocationId: "" };

    expect([...method.writeResponse(response)]).toEqual([10, 2, 0, 255]);
    expect(method.writeResponseJson(response)).toBe('{"output":"AP8="}');
  });

  test("takes base64 of either alphabet, padded or not", () => {
    const method = methodWith({ output: bytes });

    for (const text of ["-_8=", "+/8=", "-_8", "+/8"]) {
      const response = method.writeResponse({ output: Buffer.from(`"${text}"`), invocationId: "" });
      expect([...response]).toEqual([10, 2, 0xfb, 0xff]);
    }
  });
});

describe("a response", () => {
  test("has what there is to say beside the output", () => {
    const method = methodWith({ output: { kind: "enum", values: ["a"] } });
    const response = { invocationId: "i", newlyAccepted: true, executionTimeMs: 1_600_000_000_005 };
    const text = method.writeResponseJson(response);

    expect(JSON.parse(text)).toEqual({
      invocationId: "i",
      newlyAccepted: true,
      executionTime: "2020-09-13T12:26:40.005Z",
    });
    const { output } = method.desc;
    expect(toJsonString(output, fromBinary(output, method.writeResponse(response)))).toBe(text);
  });

  test("lacks the output where there is none yet, also where its type asks for one", () => {
    const object = { kind: "object", members: [{ name: "a", type: string }] } as const;
    for (const output of [object, string]) {
      const method = methodWith({ output });
      const response = { invocationId: "i", ready: false };

      expect(method.writeResponseJson(response)).toBe('{"invocationId":"i"}');
      expect([...method.writeResponse(response)]).toEqual([18, 1, 105]);
    }
  });

  test("says the same the short way, where the JSON is protobuf's own", () => {
    const method = methodWith({ output: string });
    const response = {
      output: Buffer.from('"x"'),
      invocationId: "i",
      newlyAccepted: false,
      executionTimeMs: 1_600_000_000_005,
    };
    const { output } = method.desc;

    expect(method.writeResponseJson(response)).toBe(
      toJsonString(output, fromBinary(output, method.writeResponse(response))),
    );
  });
});
