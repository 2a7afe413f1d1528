import { once } from "node:events";
import { get, type IncomingHttpHeaders } from "node:http";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { startedAdmin, type Admin } from "./admin.fixture.js";

/** Room for a request that is just over. */
const requestsMax = 3;
let admin: Admin;
beforeAll(async () => {
  admin = await startedAdmin({ "admin-requests-max": String(requestsMax) });
});
afterAll(() => admin.close());

/** How long a busy machine may take. */
const patience = { timeout: 20_000 };

describe("a body that does not say what it is", () => {
  const body = new TextEncoder().encode('[{"pattern":"from-a-tool"}]');
  const put = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${admin.server.adminUrl}/limits/rules`, { method: "PUT", body, headers });

  test("is taken from a tool", async () => {
    expect((await put({})).status).toBe(200);
  });

  test.each([
    { origin: "https://elsewhere.example" },
    { origin: "null" },
    { "sec-fetch-site": "cross-site" },
    { "content-type": "text/plain" },
    { "content-type": "application/x-www-form-urlencoded" },
  ])("is refused with the headers %j of a page", async (headers: Record<string, string>) => {
    const response = await put(headers);

    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ errorCode: "PDR4008" });
  });
});

describe("a large answer", () => {
  test.each(["gzip", "br"])("is compressed as %s for those who take it", async (encoding) => {
    const rules = Array.from({ length: 200 }, (_, at) => ({ pattern: `scope-${at}` }));
    await admin.ask("PUT", "/limits/rules", rules);

    const small = await headersFor(`deflate, ${encoding};q=0.5`);
    const plain = await headersFor(`${encoding};q=0`);
    const read = await admin.ask("GET", "/limits/rules");

    expect(small["content-encoding"]).toBe(encoding);
    expect(plain["content-encoding"]).toBeUndefined();
    expect(Number(small["content-length"])).toBeLessThan(Number(plain["content-length"]) / 4);
    expect(read.json.length).toBeGreaterThanOrEqual(200);
  });

  /** fetch would decompress it, and not say so. */
  async function headersFor(accepted: string): Promise<IncomingHttpHeaders> {
    const url = `${admin.server.adminUrl}/limits/rules`;
    const headers = { "accept-encoding": accepted };
    return new Promise((resolve, reject) => {
      get(url, { headers }, (response) => {
        response.resume().on("end", () => {
          resolve(response.headers);
        });
      }).on("error", reject);
    });
  }
});

describe("more requests at once than are allowed", () => {
  test("are told to come back; those that are served are served", async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const uri = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const asked = once(silent, "connection") as Promise<[Socket]>;

    const served = Array.from({ length: requestsMax }, () =>
      admin.ask("POST", "/deployments", { uri }),
    );
    const [socket] = await asked;
    const tooMany = await vi.waitFor(async () => {
      const answer = await admin.ask("GET", "/version");
      expect(answer.status).toBe(429);
      return answer;
    }, patience);
    silent.close();
    socket.destroy();
    const answers = await Promise.all(served);

    expect(tooMany.json).toMatchObject({ errorCode: "PDR4027" });
    expect(tooMany.headers.get("retry-after")).toBe("1");
    expect(answers.map(({ json }) => json.errorCode)).toEqual(Array(3).fill("PDR4202"));
    await vi.waitFor(async () => {
      expect((await admin.ask("GET", "/version")).status).toBe(200);
    }, patience);
  });
});
