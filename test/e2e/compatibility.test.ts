// What docs/compatibility.md says is left out, asked for: each row of its table is sent as it stands.

import { greeter } from "@perdure/example-guides/greeter-functions";
import { TestEnvironment } from "@perdure/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readText } from "../tidy/repository.js";

const row =
  /^\| (?<port>admin|ingress) `(?<method>[A-Z]+) (?<path>\S+)`(?: `(?<body>[^`]+)`)? +\| (?<status>\d{3}) (?<code>PDR\d{4}) /gm;
const rows = [...readText("docs/compatibility.md").matchAll(row)].map(
  ({ groups = {} }) => groups as Record<string, string | undefined>,
);

let env: TestEnvironment;

beforeAll(async () => {
  env = await TestEnvironment.start({ services: [greeter] });
});

afterAll(() => env.stop());

test("the table is there", () => {
  expect(rows.length).toBeGreaterThan(10);
});

test.each(rows)(
  "$port $method $path $body is answered with $status $code",
  async ({ port, method = "", path = "", body = "{}", status, code }) => {
    const url = port === "admin" ? env.adminAPIBaseUrl() : env.baseUrl();

    const response = await fetch(`${url}${path}`, {
      method,
      ...(method === "GET" ? {} : { body, headers: { "content-type": "application/json" } }),
    });

    expect(response.status).toBe(Number(status));
    expect(await response.json()).toMatchObject({ errorCode: code });
  },
);
