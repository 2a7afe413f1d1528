// What is on its way to the server, against a real one that reads when it is told to.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Requests } from "./requests.js";

let server: Server;
let requests: Requests;
let url = "";
/** Called for each request with what reads it and what answers it. */
let onRequest: (read: () => void, answer: () => void) => void = () => undefined;

beforeEach(async () => {
  server = createServer((request, response) => {
    onRequest(
      () => request.resume(),
      () => response.end("done"),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  requests = new Requests(url);
});

afterEach(async () => {
  requests.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

function nextRequest(): Promise<{ read: () => void; answer: () => void }> {
  return new Promise((resolve) => {
    onRequest = (read, answer) => {
      resolve({ read, answer });
    };
  });
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

const post = { method: "POST", body: "x".repeat(100) };

test("a request is on its way from when it is sent until it is read, not until it is answered", async () => {
  const coming = nextRequest();
  expect(requests.onTheWay).toBe(false);
  const answered = requests.fetch(url, post);
  expect(requests.onTheWay).toBe(true);

  const { read, answer } = await coming;
  expect(requests.onTheWay).toBe(true);
  read();
  await until(() => !requests.onTheWay);

  answer();
  expect(await (await answered).text()).toBe("done");
});

test("one that can't be sent is on its way no more", async () => {
  await expect(requests.fetch("http://127.0.0.1:1", post)).rejects.toThrow("fetch failed");

  expect(requests.onTheWay).toBe(false);
});

test("one that fails does not stand for another", async () => {
  const coming = nextRequest();
  const answered = requests.fetch(url, post);
  await requests.fetch("http://127.0.0.1:1", post).catch(() => undefined);

  expect(requests.onTheWay).toBe(true);
  const { read, answer } = await coming;
  read();
  await until(() => !requests.onTheWay);
  answer();
  await answered;
});

test("requests of others do not count", async () => {
  const coming = nextRequest();
  const mine = requests.fetch(url, post);
  const { read, answer } = await coming;
  const other = createServer((_request, response) => response.end("other"));
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  await fetch(`http://127.0.0.1:${String((other.address() as AddressInfo).port)}`, post);
  other.closeAllConnections();
  await new Promise((resolve) => other.close(resolve));

  expect(requests.onTheWay).toBe(true);
  read();
  answer();
  await mine;
});

test("what waits fails when the environment stops, and nothing is sent any more", async () => {
  const coming = nextRequest();
  const waiting = requests.fetch(url, post);
  await coming;

  requests.stop();

  await expect(waiting).rejects.toThrow(/PDR5402/);
  await expect(requests.fetch(url, post)).rejects.toThrow(/PDR5402/);
  expect(requests.onTheWay).toBe(false);
});

test("a request can still be given up by its own signal", async () => {
  const coming = nextRequest();
  const given = new AbortController();
  const waiting = requests.fetch(url, { ...post, signal: given.signal });
  await coming;

  given.abort(new Error("enough"));

  await expect(waiting).rejects.toThrow("enough");
});
