// A page that has its own name lead to this machine is not let in, whatever it asks for and however.

import { request } from "node:http";
import { connect } from "node:http2";
import { once } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { startedAdmin, type Admin } from "./admin.fixture.js";

async function adminWith(flags: Readonly<Record<string, string>> = {}): Promise<Admin> {
  const admin = await startedAdmin(flags);
  onTestFinished(() => admin.close());
  return admin;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function http1(admin: Admin, path: string, host: string, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { host, "content-type": "application/json" };
    const asked = request(admin.server.adminUrl + path, { method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => (text += part));
      response.once("end", () => {
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    asked.once("error", reject).end(method === "GET" ? undefined : "{}");
  });
}

describe("a request to another name", () => {
  test.each([
    ["GET", "/deployments"],
    ["POST", "/deployments"],
    ["GET", "/health"],
    ["GET", "/nothing"],
    ["POST", "/perdure.admin.v1.DeploymentService/ListDeployments"],
  ])("is refused: %s %s", async (method, path) => {
    const admin = await adminWith();

    const refused = await http1(admin, path, "evil.example:9070", method);

    expect(refused.status).toBe(403);
    expect(JSON.parse(refused.text)).toMatchObject({ errorCode: "PDR4040" });
  });

  test("is refused over HTTP/2", async () => {
    const admin = await adminWith();
    const session = connect(admin.server.adminUrl);
    onTestFinished(() => {
      session.destroy();
    });
    const stream = session.request({ ":path": "/deployments", ":authority": "evil.example" });

    const [headers] = (await once(stream, "response")) as [{ ":status": number }];

    expect(headers[":status"]).toBe(403);
  });
});

describe("a request is answered", () => {
  test.each(["localhost:9070", "127.0.0.1", "[::1]:9070", "perdure:9070"])(
    "to %s",
    async (host) => {
      const admin = await adminWith();

      expect((await http1(admin, "/deployments", host)).status).toBe(200);
    },
  );

  test("to a name that is configured, and to that alone", async () => {
    const admin = await adminWith({ "admin-hosts": "perdure.internal" });

    expect((await http1(admin, "/deployments", "perdure.internal:9070")).status).toBe(200);
    expect((await http1(admin, "/deployments", "evil.example:9070")).status).toBe(403);
  });

  test("to any name where the operator wants it", async () => {
    const admin = await adminWith({ "admin-hosts": "any" });

    expect((await http1(admin, "/deployments", "perdure.example:9070")).status).toBe(200);
  });
});
