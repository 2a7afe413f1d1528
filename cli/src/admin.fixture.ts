// A real HTTP server in the place of an admin port: it records what it is asked and answers as told.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export interface SeenRequest {
  readonly line: string;
  readonly contentType: string | undefined;
  readonly body: string;
}

export interface AdminFixture {
  readonly url: string;
  readonly requests: SeenRequest[];
}

export interface AdminAnswer {
  readonly status?: number;
  readonly body: unknown;
}

/** Runs until the test is over. */
export async function startAdmin(answer: (line: string) => AdminAnswer): Promise<AdminFixture> {
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      const line = `${request.method} ${request.url}`;
      requests.push({ line, contentType: request.headers["content-type"], body });
      const { status = 200, body: reply } = answer(line);
      response.writeHead(status, { "content-type": "application/json" });
      response.end(typeof reply === "string" ? reply : JSON.stringify(reply));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** An address that nobody listens to. */
export async function unusedUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
