// Ports for the demo: the usual ones where they are free, so that the printed commands can be typed as they
// are; else any that are.

import { createServer, type AddressInfo, type Server } from "node:net";

export interface Ports {
  readonly ingress: number;
  readonly admin: number;
  readonly services: number;
}

const usual: Ports = { ingress: 8080, admin: 9070, services: 9080 };

export async function choosePorts(wish: "usual" | "any"): Promise<Ports> {
  // Each is held until all are chosen, so that they differ.
  const held: Server[] = [];
  const choose = async (port: number): Promise<number> => {
    const server = (wish === "usual" ? await tryListen(port) : undefined) ?? (await tryListen(0));
    if (server === undefined) throw new Error("no port is free on 127.0.0.1");
    held.push(server);
    return (server.address() as AddressInfo).port;
  };
  const ports = {
    ingress: await choose(usual.ingress),
    admin: await choose(usual.admin),
    services: await choose(usual.services),
  };
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

async function tryListen(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
