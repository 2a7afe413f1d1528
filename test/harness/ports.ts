// Free TCP ports for processes that have to come back on the same one.
//
// They lie below the range from which systems take the ports of outgoing connections: a port of that
// range could be taken by a client while the process that owns it is down.

import { createServer } from "node:net";

const first = 12_000;
const count = 18_000;
let next = Math.floor(Math.random() * count);

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    next = (next + 1) % count;
    const port = first + next;
    if (await isFree(port)) return port;
  }
  throw new Error("no free port found");
}

/** Calls back with a port that is in use for as long as it runs. */
export async function withPortInUse<T>(body: (port: number) => Promise<T>): Promise<T> {
  const port = await freePort();
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  try {
    return await body(port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
