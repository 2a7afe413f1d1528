// Which addresses are connected to: by the decision itself, and by sockets that are opened with it.

import type { LookupAddress } from "node:dns";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { connect, isIP } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  AddressRefused,
  createAddressGuard,
  refusalOf,
  type AddressGuard,
} from "./address-guard.js";
import { parseAllowedHost, type AllowedHost } from "./allowed-hosts.js";

/** Names, and what they resolve to: the first answer first, the last one from then on. */
type Names = Readonly<Record<string, readonly (readonly string[])[]>>;

function guarded(allow: string, names: Names = {}): AddressGuard {
  const texts = allow === "any" ? [] : allow.split(",");
  const allowed = texts.map((text) => parseAllowedHost(text)).filter((one) => one !== undefined);
  const asked = new Map<string, number>();
  const resolve = (
    hostname: string,
    _options: object,
    callback: (error: Error | null, addresses: LookupAddress[]) => void,
  ): void => {
    const at = asked.get(hostname) ?? 0;
    asked.set(hostname, at + 1);
    const answers = names[hostname] ?? [];
    const addresses = answers[Math.min(at, answers.length - 1)] ?? [];
    callback(
      null,
      addresses.map((address) => ({ address, family: isIP(address) })),
    );
  };
  return createAddressGuard(allowed satisfies AllowedHost[], resolve as never);
}

/** What a socket would be given, or why it gets nothing. */
function resolved(guard: AddressGuard, host: string): Promise<string[] | string> {
  return new Promise((resolve) => {
    guard.lookup(host, { all: true }, (error, addresses) => {
      if (error !== null) resolve(error.message);
      else resolve((addresses as LookupAddress[]).map(({ address }) => address));
    });
  });
}

function isRefused(guard: AddressGuard, uri: string): boolean {
  try {
    guard.check(uri);
    return false;
  } catch (error) {
    if (error instanceof AddressRefused) return true;
    throw error;
  }
}

describe("without a list", () => {
  test.each([
    "http://127.0.0.1:9080",
    "http://[::1]:9080",
    "http://10.1.2.3",
    "https://192.168.1.1",
    "http://8.8.8.8",
    "http://[fd00::1]",
    "http://orders.internal:9080",
  ])("%s is allowed", (uri) => {
    expect(isRefused(guarded("any"), uri)).toBe(false);
  });

  // As they are written, and as they can be written to look like something else.
  test.each([
    "http://169.254.169.254/latest",
    "http://169.254.0.1:9080",
    "http://0xa9fea9fe/",
    "http://2852039166/",
    "http://169.254.43518/",
    "http://0251.0376.0251.0376/",
    "http://[::ffff:169.254.169.254]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200",
    "http://169.254.169.254./",
  ])("%s is not", (uri) => {
    expect(isRefused(guarded("any"), uri)).toBe(true);
  });

  test("a name that leads to a link-local address leads nowhere", async () => {
    const guard = guarded("any", { "metadata.example": [["169.254.169.254"]] });

    expect(await resolved(guard, "metadata.example")).toMatch(/^PDR4220: .*169\.254\.169\.254/);
  });

  test("of several addresses of a name those that are allowed are taken", async () => {
    const guard = guarded("any", { both: [["fe80::1", "10.0.0.1"]] });

    expect(await resolved(guard, "both")).toEqual(["10.0.0.1"]);
  });
});

describe("with a list", () => {
  const allow = "orders.internal,*.svc.local,10.0.0.0/8,::1";
  const names = {
    "orders.internal": [["192.168.1.1"]],
    "a.svc.local": [["192.168.1.2"]],
    "svc.local": [["192.168.1.3"]],
    "xorders.internal": [["192.168.1.4"]],
    "orders.internal.evil.example": [["192.168.1.5"]],
    "inside.example": [["10.9.9.9"]],
    "ORDERS.internal.": [["192.168.1.1"]],
  };

  test.each(["orders.internal", "a.svc.local", "inside.example", "ORDERS.internal."])(
    "%s is allowed",
    async (host) => {
      expect(await resolved(guarded(allow, names), host)).toEqual([expect.any(String)]);
    },
  );

  test.each(["svc.local", "xorders.internal", "orders.internal.evil.example"])(
    "%s is not",
    async (host) => {
      expect(await resolved(guarded(allow, names), host)).toMatch(/^PDR4220: .*does not list/);
    },
  );

  test.each([
    ["http://10.255.0.1", false],
    ["http://[::ffff:10.255.0.1]", false],
    ["http://[::1]", false],
    ["http://11.0.0.1", true],
    ["http://127.0.0.1", true],
    ["http://[::2]", true],
  ])("%s is refused: %s", (uri, refused) => {
    expect(isRefused(guarded(allow), uri)).toBe(refused);
  });

  test("a name that is listed does not lead to a link-local address; the address itself may be listed", async () => {
    const moved = { "orders.internal": [["169.254.169.254"]] };

    expect(await resolved(guarded(allow, moved), "orders.internal")).toMatch(/^PDR4220/);
    expect(await resolved(guarded(`${allow},169.254.169.254`, moved), "orders.internal")).toEqual([
      "169.254.169.254",
    ]);
  });
});

describe("a socket", () => {
  test("goes where the address is allowed at that moment, and nowhere once the name leads elsewhere", async () => {
    const reached: Socket[] = [];
    const server = createServer((socket) => {
      reached.push(socket);
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const guard = guarded("127.0.0.0/30", { rebound: [["127.0.0.1"], ["127.0.0.9"]] });
    const attempt = (): Promise<unknown> =>
      new Promise((resolve) => {
        const socket = connect({ host: "rebound", port, lookup: guard.lookup });
        socket.once("close", () => resolve(undefined)).once("error", resolve);
        socket.resume();
      });

    expect(await attempt()).toBeUndefined();
    expect(refusalOf(await attempt())?.reason).toMatch(/rebound \(127\.0\.0\.9\)/);
    expect(reached).toHaveLength(1);
  });
});
