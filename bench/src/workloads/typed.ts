// The plain call again, as a typed caller makes it: a Connect unary call with a protobuf message, whose answer is one.
// What typed callers cost the server more than those of the JSON route is the difference to `plain`.
import type { Workload } from "./workload.js";

export const typed: Workload = {
  name: "typed",
  description: "the plain call over Connect with protobuf messages; Perdure alone",
  start: () => {
    let index = 0;
    return {
      next: () => {
        const name = `client ${index++}`;
        const answer = stringField(1, `Hello ${name}`);
        return [
          {
            request: post("/bench.v1.Greeter/Greet", stringField(2, name)),
            isRight: (status, body) => status === 200 && body.startsWith(answer),
          },
        ];
      },
    };
  },
};

/** A protobuf string of fewer than 128 characters; every character is a byte. */
export function stringField(number: number, text: string): string {
  return String.fromCharCode((number << 3) | 2, text.length) + text;
}

/** Every character is a byte. */
function post(path: string, message: string): string {
  return `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/proto\r\nconnect-protocol-version: 1\r\ncontent-length: ${message.length}\r\n\r\n${message}`;
}
