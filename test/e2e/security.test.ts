// What must not get out, and what must not get in, of real processes: secrets in logs, ports beyond this machine, names
// that mean something to JavaScript.

import {
  chmodSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { generateKeyPairSync } from "node:crypto";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { request } from "../harness/http.js";
import { until } from "../harness/until.js";

const bed = useBed("after each");

describe("secrets", () => {
  test("are in no log, at any level, whatever goes well or wrong", async () => {
    const secret = "s3cr3t-0123456789";
    const { privateKey } = generateKeyPairSync("ed25519");
    const pem = privateKey.export({ format: "pem", type: "pkcs8" }) as string;
    const keyFile = `${bed.directory()}/key.pem`;
    writeFileSync(keyFile, pem);
    chmodSync(keyFile, 0o600);
    const server = await bed.startServer({
      flags: { log: "trace", "request-identity-key-file": keyFile },
    });
    const gates = await bed.openGates();
    const env = { PERDURE_TEST_GATES: gates.url, PERDURE_LOGGING: "TRACE" };
    const services = await bed.startServices({ modules: ["greeter", "lives"], env });
    const headers = {
      authorization: `Bearer ${secret}`,
      cookie: `a=${secret}`,
      "x-api-key": secret,
    };
    const registered = await server.tryRegister({ uri: services.url, additional_headers: headers });
    expect(registered.status).toBe(201);
    const { ingress, admin } = server;

    await ingress.post("/restate/call/Greeter/greet", "Ada", { headers });
    await ingress.post("/restate/send/Lives/k/backsOff", undefined, { headers });
    await ingress.post("/restate/send/Lives/l/pauses", undefined, { headers });
    await ingress.post("/restate/call/Nobody/greet", "Ada", { headers });
    await ingress.post("/restate/call/Greeter/greet", "Ada", {
      headers: { ...headers, "idempotency-key": "" },
    });
    await admin.get("/deployments", { headers });
    await admin.get("/nothing", { headers });
    await server.tryRegister({ uri: `http://u:${secret}@127.0.0.1:9` });
    await server.tryRegister({ uri: "http://127.0.0.1:9", additional_headers: headers });
    await services.kill();
    await until("the server has lost its session", () =>
      server.process.output.includes("lost the session"),
    );

    const said = server.process.output + services.output;
    expect(said).toContain("identity key");
    expect(said).not.toContain(secret);
    expect(said).not.toContain(pem.split("\n")[1]);
  });

  test("are in a data directory that no other user can enter", async () => {
    const server = await bed.startServer();

    expect(statSync(server.dataDir).mode & 0o077).toBe(0);
  });
});

describe("ports", () => {
  test("can't be reached from beyond this machine", async () => {
    const server = await bed.startServer();
    const services = await bed.startServices({ modules: ["greeter"] });
    const addresses = Object.values(networkInterfaces()).flatMap((all = []) =>
      all.filter(({ internal, family }) => !internal && family === "IPv4"),
    );

    for (const url of [server.ingress.url, server.admin.url, services.url]) {
      for (const { address } of addresses) {
        expect(await accepts(address, Number(new URL(url).port)), `${address} ${url}`).toBe(false);
      }
    }
    // What listens at all is at 127.0.0.1, and there it answers.
    expect((await server.admin.get("/health")).status).toBe(200);
    if (process.platform !== "linux") return;
    for (const { pid } of [server.process, services.process]) {
      expect(listeningAddresses(pid).filter((address) => !address.startsWith("127."))).toEqual([]);
      expect(listeningAddresses(pid).length).toBeGreaterThan(0);
    }
  });
});

describe("names that mean something to JavaScript", () => {
  const names = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"];

  test("are names like others: of services, keys, states, headers, members", async () => {
    const server = await bed.startServer();
    const services = await bed.startServices({ modules: ["greeter", "formats"] });
    await server.register(services.url);
    const { ingress, admin } = server;

    for (const name of names) {
      expect((await ingress.post(`/restate/call/${name}/greet`, "Ada")).status).toBe(404);
      expect((await ingress.post(`/restate/call/Greeter/${name}`, "Ada")).status).toBe(404);
      expect((await ingress.post(`/restate/call/Counter/${name}/add`, 2)).json).toBe(2);
      expect((await ingress.post(`/restate/call/Counter/${name}/add`, 2)).json).toBe(4);
      expect((await admin.get(`/services/${name}`)).status).toBe(404);
      expect((await admin.get(`/deployments/${name}`)).status).toBe(404);
      const json = { "content-type": "application/json" };
      const headers = { ...json, [name]: "value", "idempotency-key": name };
      const body = `{"${name}":{"polluted":1}}`;
      const same = await ingress.send("/restate/call/Formats/same", { body, headers });
      expect(same.text).toBe(body);
      const seen = await posted(`${ingress.url}/restate/call/Formats/headers`, { [name]: "value" });
      expect(Object.entries(seen as object)).toContainEqual([name.toLowerCase(), "value"]);
      const failed = await ingress.send("/restate/call/Formats/fail", {
        body: `{"code":418,"metadata":{"${name}":"m"}}`,
        headers: json,
      });
      expect(failed.status).toBe(418);
      expect(failed.text).toContain(`"${name}":"m"`);
      const written = await admin.send("/services/Counter/state", {
        body: `{"object_key":"patched","new_state":{"${name}":[49]}}`,
        headers: { "content-type": "application/json" },
      });
      expect(written.status, written.text).toBe(202);
      await until("the state is there", async () =>
        (await admin.get("/services/Counter/state/patched")).text.includes(`"${name}":[49]`),
      );
    }
    const metadata = `{"uri":"${services.url}","force":true,"metadata":{"__proto__":"m"},"additional_headers":{"__proto__":"h"}}`;
    const again = await admin.send("/deployments", {
      body: metadata,
      headers: { "content-type": "application/json" },
    });
    const [deployment] = (await admin.get("/deployments")).json.deployments;

    expect(again.status).toBe(200);
    expect(Object.entries(deployment.metadata as object)).toEqual([["__proto__", "m"]]);
    expect((await ingress.post("/restate/call/Greeter/greet", "Ada")).status).toBe(200);
  });
});

test("a page in a browser can't operate the server, and a path leads to no file", async () => {
  const { admin, ingress } = await bed.startServer();
  const body = JSON.stringify({ uri: "http://127.0.0.1:9" });

  // What pages can send across origins without being asked first.
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    const headers = { origin: "https://evil.example", "content-type": type };
    expect((await admin.send("/deployments", { body, headers })).status).toBe(415);
  }
  const preflight = await request(`${admin.url}/deployments`, {
    method: "OPTIONS",
    headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
  });
  expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
  for (const path of [
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/deployments/..%2f..%2fetc",
  ]) {
    for (const port of [admin, ingress]) expect((await port.get(path)).status).toBeGreaterThan(399);
  }
});

/** Without fetch, which loses some names itself. */
function posted(url: string, headers: Readonly<Record<string, string>>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(url, { method: "POST" }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.once("end", () => {
        resolve(JSON.parse(text));
      });
    });
    for (const [name, value] of Object.entries(headers)) asked.setHeader(name, value);
    asked.once("error", reject).end();
  });
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 });
    const over = (accepted: boolean) => (): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.once("connect", over(true)).once("error", over(false)).once("timeout", over(false));
  });
}

/** Where the sockets of a process listen (IPv4; IPv6 as hexadecimal digits). */
function listeningAddresses(pid: number): string[] {
  return ["tcp", "tcp6"].flatMap((table) => {
    const rows = readFileSync(`/proc/${pid}/net/${table}`, "utf8").split("\n").slice(1);
    return rows.flatMap((row) => {
      const [, local = "", , state, , , , , , inode = ""] = row.trim().split(/\s+/);
      if (state !== "0A" || !socketsOf(pid).has(inode)) return [];
      const [address = ""] = local.split(":");
      return [table === "tcp" ? dotted(address) : address];
    });
  });
}

function socketsOf(pid: number): ReadonlySet<string> {
  const folder = `/proc/${pid}/fd`;
  const inodes = readdirSync(folder).flatMap((file) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${file}`))?.[1] ?? [];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
  return new Set(inodes);
}

function dotted(littleEndian: string): string {
  return (littleEndian.match(/../g) ?? [])
    .reverse()
    .map((byte) => parseInt(byte, 16))
    .join(".");
}
