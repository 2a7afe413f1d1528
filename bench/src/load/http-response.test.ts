import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MalformedResponseError, parseResponse } from "./http-response.js";

function parse(text: string): ReturnType<typeof parseResponse> {
  const buffer = Buffer.from(text, "latin1");
  return parseResponse(buffer, 0, buffer.length);
}

describe("parseResponse", () => {
  test("reads a body of known length and says where the response ends", () => {
    const first = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

    expect(parse(`${first}HTTP/1.1 404`)).toEqual({
      status: 200,
      body: "hello",
      end: first.length,
      keepAlive: true,
    });
  });

  test("joins the chunks of a chunked body and passes over extensions and trailers", () => {
    const text =
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n" +
      "5;note=x\r\nhello\r\nA\r\n 123456789\r\n0\r\nx-trailer: 1\r\n\r\n";

    expect(parse(text)).toMatchObject({ body: "hello 123456789", end: text.length });
  });

  test("takes a 204 as a response without a body", () => {
    expect(parse("HTTP/1.1 204 No Content\r\n\r\n")).toMatchObject({ status: 204, body: "" });
  });

  test("passes over an interim response", () => {
    const text = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";

    expect(parse(text)).toMatchObject({ status: 200, end: text.length });
  });

  test("notices that the server will close the connection", () => {
    const text = "HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 0\r\n\r\n";

    expect(parse(text)?.keepAlive).toBe(false);
  });

  test("ignores old bytes behind the end of what was received", () => {
    const buffer = Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", "latin1");

    for (let end = 0; end < buffer.length; end++) {
      expect(parseResponse(buffer, 0, end)).toBeUndefined();
    }
  });

  test.each([
    ["another protocol", "SSH-2.0-x\r\n\r\n"],
    ["a body of unknown length", "HTTP/1.1 200 OK\r\ncontent-type: a/b\r\n\r\n"],
    ["a bad chunk size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"],
  ])("refuses %s", (_name, text) => {
    expect(() => parse(text)).toThrow(MalformedResponseError);
  });

  test("reads any body, in one piece or in chunks, and waits while bytes are missing", () => {
    const chunk = fc.string({ minLength: 1, maxLength: 40, unit: "binary-ascii" });
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 5 }),
        fc.boolean(),
        fc.nat(),
        (parts, chunked, cut) => {
          const body = parts.join("");
          const frames = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join("");
          const text = chunked
            ? `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${frames}0\r\n\r\n`
            : `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
          const buffer = Buffer.from(text, "latin1");

          expect(parseResponse(buffer, 0, buffer.length)).toMatchObject({
            body,
            end: buffer.length,
          });
          expect(parseResponse(buffer, 0, cut % buffer.length)).toBeUndefined();
        },
      ),
    );
  });
});
