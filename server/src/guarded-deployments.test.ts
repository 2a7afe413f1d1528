// Where deployments may be, asked of a whole server: at registration, for what was registered before, and for sessions
// as well as requests.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { startedAdmin, startedEndpoint, service, type Admin } from "./admin/admin.fixture.js";
import { goodEnd, scripted } from "./scripted-deployment.fixture.js";

async function adminWith(flags: Readonly<Record<string, string>> = {}): Promise<Admin> {
  const admin = await startedAdmin(flags);
  onTestFinished(() => admin.close());
  return admin;
}

describe("an address that is not allowed", () => {
  test("is refused with its code, before anything is sent", async () => {
    const endpoint = await startedEndpoint(service("Greeter", { name: "greet" }));
    onTestFinished(endpoint.close);
    const admin = await adminWith({ "allow-deployments": "10.0.0.0/8,localhost" });

    const refused = await admin.ask("POST", "/deployments", { uri: endpoint.url });

    expect(refused.status).toBe(403);
    expect(refused.json).toMatchObject({ errorCode: "PDR4220", restate_code: "META0003" });
    expect(refused.json.message).toMatch(/allowDeployments/);
    expect(endpoint.asked).toEqual([]);
  });

  test.each([
    { scheme: "http", use_http_11: false },
    { scheme: "http", use_http_11: true },
    { scheme: "https", use_http_11: false },
    { scheme: "https", use_http_11: true },
  ])("is refused where a name leads to it: %j", async ({ scheme, use_http_11 }) => {
    const endpoint = await startedEndpoint(service("Greeter", { name: "greet" }));
    onTestFinished(endpoint.close);
    const admin = await adminWith({ "allow-deployments": "10.0.0.0/8" });
    const uri = endpoint.url.replace("http://127.0.0.1", `${scheme}://localhost`);

    const refused = await admin.ask("POST", "/deployments", { uri, use_http_11 });

    expect(refused.json).toMatchObject({ errorCode: "PDR4220" });
    expect(refused.json.message).toMatch(/localhost \((127\.0\.0\.1|::1)\)/);
    expect(endpoint.asked).toEqual([]);
  });

  test("is allowed by its name, where the name is listed", async () => {
    const endpoint = await startedEndpoint(service("Greeter", { name: "greet" }));
    onTestFinished(endpoint.close);
    const admin = await adminWith({ "allow-deployments": "localhost" });
    const uri = endpoint.url.replace("127.0.0.1", "localhost");

    expect((await admin.ask("POST", "/deployments", { uri })).status).toBe(201);
  });

  test.each([{ use_http_11: true }, { use_http_11: false }])(
    "of a cloud's credentials is refused without a list, with %j",
    async (more) => {
      const admin = await adminWith();

      for (const uri of ["http://169.254.169.254/", "https://[::ffff:169.254.169.254]/"]) {
        const refused = await admin.ask("POST", "/deployments", { uri, ...more });
        expect(refused.json).toMatchObject({ errorCode: "PDR4220" });
      }
    },
  );

  test("is refused for a move as well", async () => {
    const endpoint = await startedEndpoint(service("Greeter", { name: "greet" }));
    onTestFinished(endpoint.close);
    const admin = await adminWith({ "allow-deployments": "127.0.0.1" });
    const { json } = await admin.ask("POST", "/deployments", { uri: endpoint.url });

    const moved = await admin.ask("PATCH", `/deployments/${json.id}`, {
      uri: "http://127.0.0.2:1/",
    });

    expect(moved.json).toMatchObject({ errorCode: "PDR4220" });
  });
});

describe("a deployment that was registered before the list was made", () => {
  test.each([{ request_response: false }, { request_response: true }])(
    "is not connected to, and its work waits: %j",
    async (mode) => {
      let attempts = 0;
      const endpoint = await scripted("Odd", (start, say) => {
        attempts++;
        say(start, goodEnd);
      });
      const admin = await adminWith();
      const uri = endpoint.url;
      expect((await admin.ask("POST", "/deployments", { uri, ...mode })).status).toBe(201);

      await admin.restart({ "allow-deployments": "10.0.0.0/8" });
      const said: string[] = [];
      const stderr = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
        said.push(String(text));
        return true;
      });
      onTestFinished(() => stderr.mockRestore());
      const sent = await fetch(`${admin.server.ingressUrl}/restate/send/Odd/h`, { method: "POST" });
      await expect.poll(() => said.join(""), { timeout: 10_000 }).toContain("PDR4220");
      const attemptsBefore = attempts;
      await admin.restart({ "allow-deployments": "127.0.0.1" });

      expect(sent.status).toBe(202);
      expect(attemptsBefore).toBe(0);
      // The endpoint of this test answers sessions only.
      if (mode.request_response) return;
      await expect.poll(() => attempts).toBe(1);
    },
    15_000,
  );
});

test("a redirect is not followed", async () => {
  const target = await startedEndpoint(service("Greeter", { name: "greet" }));
  onTestFinished(target.close);
  const redirecting = createServer((request, response) => {
    response.writeHead(307, { location: target.url + (request.url ?? "").slice(1) }).end();
  });
  await new Promise<void>((resolve) => redirecting.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void redirecting.close());
  const admin = await adminWith();
  const uri = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}/`;

  const refused = await admin.ask("POST", "/deployments", { uri, use_http_11: true });

  expect(refused.json).toMatchObject({ errorCode: "PDR4203" });
  expect(target.asked).toEqual([]);
});

test.each([
  "ftp://127.0.0.1/",
  "file:///etc/passwd",
  "gopher://127.0.0.1/",
  "unix:/run/docker.sock",
  "javascript:alert(1)",
  "//127.0.0.1",
])("an address with another scheme, or none, is none: %s", async (uri) => {
  const admin = await adminWith();

  const refused = await admin.ask("POST", "/deployments", { uri });

  expect(refused.status).toBe(400);
});

test("an address with a password is refused, and the password is not repeated", async () => {
  const admin = await adminWith();

  const refused = await admin.ask("POST", "/deployments", {
    uri: "http://operator:hunter2@127.0.0.1:9/",
  });

  expect(refused.json).toMatchObject({ errorCode: "PDR4201" });
  expect(refused.text).not.toContain("hunter2");
});
