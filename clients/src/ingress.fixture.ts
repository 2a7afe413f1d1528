// A real HTTP server in the place of an ingress: it records what it is asked and answers as told.

import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished } from "vitest";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

export interface IngressFixture {
  readonly url: string;
  readonly requests: SeenRequest[];
}

export function json(value: unknown, status = 200): Answer {
  return {
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
  };
}

/** Never answers. */
export const silence: unique symbol = Symbol("silence");
/** Closes the connection in place of an answer. */
export const hangUp: unique symbol = Symbol("hang up");
/** Begins an answer of success, and closes the connection within its body. */
export const breakOff: unique symbol = Symbol("break off");

export type Reaction = Answer | typeof silence | typeof hangUp | typeof breakOff;

/** Runs until the test is over. */
export async function startIngress(
  answer: (request: SeenRequest) => Reaction,
): Promise<IngressFixture> {
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url: path = "", headers } = request;
      const seen = { method, path, headers, body: Buffer.concat(chunks).toString() };
      requests.push(seen);
      const reply = answer(seen);
      if (reply === silence) return;
      if (reply === hangUp) {
        request.socket.destroy();
        return;
      }
      if (reply === breakOff) {
        response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
        response.write('"so far', () => request.socket.destroy());
        return;
      }
      response.writeHead(reply.status ?? 200, reply.headers);
      response.end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** Gives the answers one after the other, and the last one for ever. */
export function inTurn(...answers: readonly [Reaction, ...Reaction[]]): () => Reaction {
  let next = 0;
  return () => answers[Math.min(next++, answers.length - 1)] ?? silence;
}

/** An address that nobody listens to. */
export async function unusedUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}

/** What a promise that has to fail fails with. */
export async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail("expected an error"),
    (error: unknown) => error,
  );
}
