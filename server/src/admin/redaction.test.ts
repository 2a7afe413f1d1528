// Headers that carry credentials: not shown by the admin port, and given to those that need them as they are.

import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { DeploymentService } from "@perdure/proto/admin/v1/admin";
import { describe, expect, onTestFinished, test } from "vitest";
import { goodEnd, scripted } from "../scripted-deployment.fixture.js";
import { service, startedAdmin, startedEndpoint, type Admin } from "./admin.fixture.js";
import { createRedaction } from "./redaction.js";

const secrets = { authorization: "Bearer s3cret", "X-Api-Key": "s3cret", "x-plain": "shown" };

async function adminWith(flags: Readonly<Record<string, string>> = {}): Promise<Admin> {
  const admin = await startedAdmin(flags);
  onTestFinished(() => admin.close());
  return admin;
}

describe("names of headers", () => {
  const { headers } = createRedaction(["authorization", "*-authorization", "x-*-key", "*a.b*"]);

  test.each([
    ["authorization", true],
    ["Authorization", true],
    ["proxy-authorization", true],
    ["x-authorization-mode", false],
    ["x-my-key", true],
    ["x-key", false],
    ["x-my-keys", false],
    ["1a.b2", true],
    ["1acb2", false],
    ["__proto__", false],
  ])("%s is hidden: %s", (name, hidden) => {
    const shown = headers(Object.fromEntries([[name, "value"]]));

    expect(Object.entries(shown)).toEqual([[name, hidden ? "***" : "value"]]);
  });
});

describe("additional headers of a deployment", () => {
  test("are sent as they are, and shown without what is secret, by every route", async () => {
    const endpoint = await startedEndpoint(service("Greeter", { name: "greet" }));
    onTestFinished(endpoint.close);
    const admin = await adminWith();
    const registered = await admin.ask("POST", "/deployments", {
      uri: endpoint.url,
      additional_headers: secrets,
    });
    const { id } = registered.json;
    const client = createClient(
      DeploymentService,
      createConnectTransport({ baseUrl: admin.server.adminUrl, httpVersion: "1.1" }),
    );

    const patched = await admin.ask("PATCH", `/deployments/${id}`, {
      additional_headers: { ...secrets, "x-more": "shown" },
    });
    const one = await admin.ask("GET", `/deployments/${id}`);
    const list = await admin.ask("GET", "/deployments?include=status");
    const byConnect = [
      await client.getDeployment({ id }),
      await client.listDeployments({}),
      await client.registerDeployment({ uri: endpoint.url, additionalHeaders: secrets }),
    ];

    for (const asked of endpoint.asked) expect(asked.get("x-api-key")).toBe("s3cret");
    expect(one.json.additional_headers).toEqual({
      authorization: "***",
      "X-Api-Key": "***",
      "x-plain": "shown",
      "x-more": "shown",
    });
    const shown = [
      registered.text,
      patched.text,
      one.text,
      list.text,
      JSON.stringify(byConnect, (_, value: unknown) =>
        typeof value === "bigint" ? String(value) : value,
      ),
    ].join();
    expect(shown).not.toContain("s3cret");
  });

  test("that were copied from an answer are refused, with PDR4221", async () => {
    const endpoint = await startedEndpoint(service("Greeter", { name: "greet" }));
    onTestFinished(endpoint.close);
    const admin = await adminWith();
    const registered = await admin.ask("POST", "/deployments", {
      uri: endpoint.url,
      additional_headers: secrets,
    });
    const path = `/deployments/${registered.json.id}`;
    const { additional_headers } = (await admin.ask("GET", path)).json;

    const patched = await admin.ask("PATCH", path, { additional_headers });
    const again = await admin.ask("POST", "/deployments", {
      uri: endpoint.url,
      additional_headers,
      force: true,
    });

    expect([patched.status, again.status]).toEqual([400, 400]);
    expect(patched.json).toMatchObject({ errorCode: "PDR4221" });
    expect(patched.json.message).toMatch(/authorization/);
    expect(endpoint.asked.map((headers) => headers.get("authorization"))).toEqual([
      "Bearer s3cret",
    ]);
  });

  test("are all shown where the operator wants it", async () => {
    const endpoint = await startedEndpoint(service("Greeter", { name: "greet" }));
    onTestFinished(endpoint.close);
    const admin = await adminWith({ "redacted-headers": "none" });

    await admin.ask("POST", "/deployments", { uri: endpoint.url, additional_headers: secrets });

    const [deployment] = (await admin.ask("GET", "/deployments")).json.deployments;
    expect(deployment.additional_headers).toEqual(secrets);
  });

  test.each([
    ["a line end", { "x-a": "1\r\nx-evil: 1" }],
    ["a line end at the end", { "x-a": "1\n" }],
    ["a name of two lines", { "x-a\r\nx-evil": "1" }],
    ["a colon in its name", { "x-a:": "1" }],
    ["a zero", { "x-a": "\u0000" }],
  ])("with %s are refused", async (_, additional_headers) => {
    const endpoint = await startedEndpoint(service("Greeter", { name: "greet" }));
    onTestFinished(endpoint.close);
    const admin = await adminWith();

    const refused = await admin.ask("POST", "/deployments", {
      uri: endpoint.url,
      additional_headers,
    });

    expect(refused.status).toBe(400);
    expect(endpoint.asked).toEqual([]);
  });
});

test("headers of a request reach the handler as they came, and not the exported journal", async () => {
  const seen: string[] = [];
  const endpoint = await scripted("Odd", (start, say) => {
    seen.push(
      JSON.stringify(start, (_, value: unknown) =>
        typeof value === "bigint" ? String(value) : value,
      ),
    );
    say(start, goodEnd);
  });
  const admin = await adminWith();
  await admin.ask("POST", "/deployments", { uri: endpoint.url });
  const headers = { ...secrets, cookie: "session=s3cret" };
  const sent = await fetch(`${admin.server.ingressUrl}/restate/send/Odd/h`, {
    method: "POST",
    headers,
  });
  const { invocationId } = (await sent.json()) as { invocationId: string };

  await expect.poll(() => seen.length).toBe(1);
  const journal = await admin.ask("GET", `/invocations/${invocationId}/journal`);
  const detail = await admin.ask("GET", `/invocations/${invocationId}`);
  // What is shown is a copy.
  const again = await admin.ask("GET", `/invocations/${invocationId}/journal`);

  expect(seen[0]?.match(/s3cret/g)).toHaveLength(3);
  expect(journal.text + detail.text + again.text).not.toContain("s3cret");
  expect(journal.json.entries[0].input.headers).toContainEqual({ name: "cookie", value: "***" });
  expect(journal.json.entries[0].input.headers).toContainEqual({ name: "x-plain", value: "shown" });
});
