// Generated codecs against protobuf-es, message by message.

import assert from "node:assert/strict";
import { create, fromBinary, toBinary, type Message } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SessionRequestCodec } from "../perdure/protocol/v1/deployment_wire.js";
import {
  FragmentSchema,
  ServerFrameSchema,
  SessionRequestSchema,
} from "../perdure/protocol/v1/deployment_pb.js";
import { AwaitingSchema, ValueSchema, type Awaiting } from "../perdure/protocol/v1/journal_pb.js";
import { AwaitingCodec, ValueCodec } from "../perdure/protocol/v1/journal_wire.js";
import { OptionsSchema } from "../perdure/manifest/v1/manifest_pb.js";
import { OptionsCodec } from "../perdure/manifest/v1/manifest_wire.js";
import { OpenedSchema } from "../perdure/storage/v1/events_pb.js";
import { OpenedCodec } from "../perdure/storage/v1/events_wire.js";
import { DeploymentSchema } from "../perdure/storage/v1/records_pb.js";
import { DeploymentCodec } from "../perdure/storage/v1/records_wire.js";
import { decode, encode, encodeParts } from "./codec.js";
import { arbitraryOf, kinds, type Kind } from "./messages.fixture.js";

const numRuns = 60;

/** What decoding comes to: a message, or nothing. */
function outcome(read: () => Message): Message | undefined {
  try {
    return read();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    return undefined;
  }
}

/** Both make the same of `bytes`. */
function expectSame({ schema, codec }: Kind, bytes: Uint8Array): Message | undefined {
  const expected = outcome(() => fromBinary(schema, bytes));
  const actual = outcome(() => decode(codec, bytes));
  assert.deepStrictEqual(actual, expected);
  return actual;
}

describe.each(kinds)("$name", (kind) => {
  const { schema, codec } = kind;
  const message = arbitraryOf(schema);

  it("is written as protobuf-es writes it, and read as it reads it", () => {
    fc.assert(
      fc.property(message, (value) => {
        const bytes = encode(codec, value);
        expect(Buffer.from(bytes).toString("hex")).toBe(
          Buffer.from(toBinary(schema, value)).toString("hex"),
        );
        expect(expectSame(kind, bytes)).toBeDefined();
      }),
      { numRuns },
    );
  });

  it("of damaged bytes is what protobuf-es makes of them", () => {
    const damaged = fc.tuple(
      message,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
      fc.nat(),
    );
    fc.assert(
      fc.property(damaged, ([value, changes, cut]) => {
        const bytes = toBinary(schema, value);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        expectSame(
          kind,
          bytes.subarray(0, bytes.length - (cut % 3 === 0 ? cut % (bytes.length + 1) : 0)),
        );
      }),
      { numRuns },
    );
  });

  it("of two messages in a row is both merged", () => {
    fc.assert(
      fc.property(message, message, (first, second) => {
        expectSame(kind, Buffer.concat([toBinary(schema, first), toBinary(schema, second)]));
      }),
      { numRuns: 20 },
    );
  });

  it("of any bytes is what protobuf-es makes of them", () => {
    // Most start with a field that there is.
    const tag = fc
      .tuple(fc.constantFrom(1, 2, 3, ...schema.fields.map(({ number }) => number)), fc.nat(7))
      .map(([no, wireType]) =>
        no < 16 ? [(no << 3) | wireType] : [((no & 15) << 3) | wireType | 0x80, no >> 4],
      );
    const piece = fc
      .tuple(tag, fc.uint8Array({ maxLength: 12 }))
      .map(([head, rest]) => [...head, ...rest]);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (pieces) => {
        expectSame(kind, Uint8Array.from(pieces.flat()));
      }),
      { numRuns },
    );
  });
});

describe("a codec", () => {
  it("refuses what is neither text nor bytes, and takes the next message as ever", () => {
    const good = create(ValueSchema, { content: { case: "inline", value: new Uint8Array([1]) } });
    const expected = toBinary(ValueSchema, good);
    for (const bad of [5, true, {}, 12n, null, undefined, [1], new Uint16Array(1)] as never[]) {
      const bytes = { ...good, content: { case: "inline" as const, value: bad } };
      expect(() => encode(ValueCodec, bytes)).toThrow("invalid bytes");
      const text = { ...create(AwaitingSchema), signalNames: [bad] };
      expect(() => encode(AwaitingCodec, text)).toThrow("invalid string");
      expect(new Uint8Array(encode(ValueCodec, good))).toEqual(expected);
    }
  });

  it("is there for every message", () => {
    expect(kinds.length).toBeGreaterThan(90);
    for (const { codec, name } of kinds) expect(codec.typeName).toBe(name);
  });

  it("keeps fields that it does not know, in order and behind the others", () => {
    const field = fc.record({
      no: fc.integer({ min: 100, max: 0x1fff_ffff }),
      value: fc.oneof(
        fc.record({ wireType: fc.constant(0), data: fc.constant(Uint8Array.of(0x81, 0x02)) }),
        fc.record({
          wireType: fc.constant(5),
          data: fc.uint8Array({ minLength: 4, maxLength: 4 }),
        }),
        fc.record({
          wireType: fc.constant(1),
          data: fc.uint8Array({ minLength: 8, maxLength: 8 }),
        }),
        fc.record({ wireType: fc.constant(2), data: fc.constant(Uint8Array.of(2, 7, 7)) }),
      ),
    });
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 4 }), (fields) => {
        const $unknown = fields.map(({ no, value }) => ({ no, ...value }));
        const opened = { ...create(OpenedSchema, { epoch: 7 }), $unknown };
        const bytes = encode(OpenedCodec, opened);
        assert.deepStrictEqual(new Uint8Array(bytes), toBinary(OpenedSchema, opened));
        assert.deepStrictEqual(decode(OpenedCodec, bytes), fromBinary(OpenedSchema, bytes));
      }),
    );
  });

  it("reads 100 messages inside one another, and not one more", () => {
    let tree: Awaiting = create(AwaitingSchema, { signalIds: [1] });
    for (let depth = 1; depth < 100; depth++) tree = create(AwaitingSchema, { nested: [tree] });
    assert.deepStrictEqual(decode(AwaitingCodec, encode(AwaitingCodec, tree)), tree);

    const bomb = encode(AwaitingCodec, create(AwaitingSchema, { nested: [tree] }));
    expect(() => decode(AwaitingCodec, bomb)).toThrow("maximum recursion depth of 100 reached");
    expect(() => fromBinary(AwaitingSchema, bomb)).toThrow(
      "maximum recursion depth of 100 reached",
    );
  });

  it("counts groups in unknown fields as depth", () => {
    for (const depth of [98, 99, 100, 101, 5_000]) {
      const groups = [
        ...Array<number[]>(depth).fill([0xa3, 0x06]),
        ...Array<number[]>(depth).fill([0xa4, 0x06]),
      ];
      const kind = { name: "", schema: OpenedSchema, codec: OpenedCodec } as unknown as Kind;
      const read = expectSame(kind, Uint8Array.from(groups.flat()));
      expect(read === undefined).toBe(depth > 99);
    }
  });

  it("takes a length for no more than there is", () => {
    // A string, a list and a map's entry that say 4 GB.
    for (const head of [0x0a, 0x12, 0x4a, 0x42]) {
      const bytes = Uint8Array.of(head, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x61);
      expectSame(
        { name: "", schema: DeploymentSchema, codec: DeploymentCodec } as unknown as Kind,
        bytes,
      );
      expect(() => decode(DeploymentCodec, bytes)).toThrow("premature EOF");
    }
  });

  it("refuses text that is no UTF-8", () => {
    for (const bad of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) {
      const text = [...bad, ...Array<number>(30).fill(0x61)];
      for (const content of [bad, text]) {
        const bytes = Uint8Array.of(0x0a, content.length, ...content);
        expect(() => decode(DeploymentCodec, bytes)).toThrow(TypeError);
        expect(() => fromBinary(DeploymentSchema, bytes)).toThrow(TypeError);
      }
    }
  });

  it("refuses numbers that the field can't hold", () => {
    for (const epoch of [-1, 1.5, 2 ** 32, Number.NaN, undefined]) {
      const opened = { $typeName: "perdure.storage.v1.Opened", epoch: epoch as number } as const;
      expect(() => encode(OpenedCodec, opened)).toThrow(
        `cannot encode message perdure.storage.v1.Opened: invalid uint32: ${String(epoch)}`,
      );
    }
    for (const workflowRetentionMs of [-1n, 1n << 64n]) {
      const options = create(OptionsSchema, { workflowRetentionMs });
      expect(() => encode(OptionsCodec, options)).toThrow("invalid uint64");
    }
  });

  it("goes on after a message that could not be encoded", () => {
    const good = create(OpenedSchema, { epoch: 9 });
    expect(() => encode(OpenedCodec, { ...good, epoch: -1 })).toThrow("invalid uint32");
    expect([...encode(OpenedCodec, good)]).toEqual([8, 9]);
  });

  it("hands out bytes as views of what it reads", () => {
    for (const make of [Uint8Array, Buffer.from.bind(Buffer)]) {
      const bytes =
        typeof make === "function" && make === Uint8Array
          ? Uint8Array.of(10, 2, 5, 6)
          : Buffer.of(10, 2, 5, 6);
      const { content } = decode(ValueCodec, bytes);
      const expected = fromBinary(ValueSchema, bytes).content;
      assert.deepStrictEqual(content, expected);
      expect((content.value as Uint8Array).buffer).toBe(bytes.buffer);
    }
  });
});

describe("what is encoded", () => {
  const values = fc.array(
    fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(100_000).map((length) => new Uint8Array(length).fill(length)),
    ),
    { minLength: 1, maxLength: 40 },
  );

  it("stays as it is when more is encoded, whatever the sizes", () => {
    fc.assert(
      fc.property(values, (contents) => {
        const messages = contents.map((value) =>
          create(ValueSchema, { content: { case: "inline", value } }),
        );
        const encoded = messages.map((message) => encode(ValueCodec, message));
        for (const [index, message] of messages.entries()) {
          const expected = toBinary(ValueSchema, message);
          expect(Buffer.compare(encoded[index] as Uint8Array, expected)).toBe(0);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("leaves room in front that is the caller's to fill", () => {
    fc.assert(
      fc.property(values, fc.nat(20), (contents, head) => {
        const framed = contents.map((value) =>
          encode(ValueCodec, create(ValueSchema, { content: { case: "inline", value } }), head),
        );
        for (const bytes of framed) bytes.fill(0xee, 0, head);
        for (const [index, value] of contents.entries()) {
          const bytes = framed[index] as Uint8Array;
          const { content } = decode(ValueCodec, bytes.subarray(head));
          expect(Buffer.compare(content.value as Uint8Array, value)).toBe(0);
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe("a message in parts", () => {
  const lengths = fc.oneof(fc.nat(100), fc.integer({ min: 32_000, max: 34_000 }), fc.nat(200_000));
  const messageOf = (sizes: readonly number[]) =>
    create(SessionRequestSchema, {
      frames: sizes.map((size, at) => {
        const value = create(FragmentSchema, { data: new Uint8Array(size).fill(at + 1) });
        return create(ServerFrameSchema, { streamId: at, frame: { case: "fragment", value } });
      }),
    });

  it("has the bytes of the message in one", () => {
    fc.assert(
      fc.property(fc.array(lengths, { maxLength: 6 }), fc.nat(5), (sizes, head) => {
        const message = messageOf(sizes);
        const parts = encodeParts(SessionRequestCodec, message, head);
        const one = encode(SessionRequestCodec, message, head);
        expect(Buffer.concat(parts).subarray(head).equals(one.subarray(head))).toBe(true);
        expect(parts[0].length).toBeGreaterThanOrEqual(head);
      }),
      { numRuns },
    );
  });

  it("holds large values themselves, and copies small ones", () => {
    const message = messageOf([32 * 1024, 32 * 1024 - 1]);
    const parts = encodeParts(SessionRequestCodec, message);
    const [large, small] = message.frames.map(
      ({ frame }) => (frame.value as { readonly data: Uint8Array }).data,
    );
    expect(parts).toContain(large);
    expect(parts).not.toContain(small);
  });

  it("that can't be written leaves nothing behind", () => {
    const message = messageOf([40_000, 1]);
    message.frames[0]!.streamId = -1;
    expect(() => encodeParts(SessionRequestCodec, message)).toThrow("uint32");
    expect(encodeParts(SessionRequestCodec, messageOf([3]))).toEqual([
      encode(SessionRequestCodec, messageOf([3])),
    ]);
  });
});
