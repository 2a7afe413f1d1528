import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GrpcFramingError, grpcHeadBytes, GrpcReader, writeGrpcHead } from "./grpc-framing.js";

function framed(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(grpcHeadBytes + message.length);
  bytes.set(message, grpcHeadBytes);
  writeGrpcHead(bytes);
  return bytes;
}

function readAll(chunks: readonly Uint8Array[], bytesMax = 1_000): number[][] {
  const messages: number[][] = [];
  const reader = new GrpcReader(
    () => bytesMax,
    (message) => messages.push([...message]),
  );
  for (const chunk of chunks) reader.push(chunk);
  expect(reader.isWithinMessage).toBe(false);
  return messages;
}

describe("gRPC's framing", () => {
  test("gives the messages that went in, however the stream is cut", () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 });
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 700 })), (given, cuts) => {
        const stream = Buffer.concat(given.map(framed));
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const cut of cuts) {
          chunks.push(stream.subarray(at, at + cut));
          at += cut;
        }
        chunks.push(stream.subarray(at));
        expect(readAll(chunks)).toEqual(given.map((message) => [...message]));
      }),
    );
  });

  test("says lengths of more than two bytes as others read them", () => {
    const bytes = framed(new Uint8Array(0x01_02_03));
    expect([...bytes.subarray(0, grpcHeadBytes)]).toEqual([0, 0, 1, 2, 3]);
  });

  test("copies no message that lies within one chunk", () => {
    const chunk = framed(new Uint8Array([1, 2, 3]));
    new GrpcReader(
      () => 10,
      (message) => {
        expect(message.buffer).toBe(chunk.buffer);
      },
    ).push(chunk);
  });

  test("refuses a message that is larger than is taken as soon as it says so", () => {
    expect(() => readAll([framed(new Uint8Array(11)).subarray(0, 5)], 10)).toThrow(
      "PDR2041: the session's stream can't be read: a message has 11 bytes, more than the 10",
    );
    const head = new Uint8Array([0, 0xff, 0xff, 0xff, 0xff]);
    expect(() => readAll([head], 10)).toThrow("a message has 4294967295 bytes");
  });

  test("refuses what is compressed, or no message at all", () => {
    expect(() => readAll([new Uint8Array([1, 0, 0, 0, 0])])).toThrow(GrpcFramingError);
    expect(() => readAll([new TextEncoder().encode("HTTP/1.1 400")])).toThrow(GrpcFramingError);
  });

  test("knows whether a message is cut off", () => {
    const bytes = framed(new Uint8Array([1, 2]));
    for (let length = 0; length <= bytes.length; length++) {
      const reader = new GrpcReader(
        () => 10,
        () => undefined,
      );
      reader.push(bytes.subarray(0, length));
      expect(reader.isWithinMessage).toBe(length > 0 && length < bytes.length);
    }
  });
});
