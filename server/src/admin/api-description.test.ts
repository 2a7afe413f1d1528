import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startedAdmin, type Admin } from "./admin.fixture.js";
import { apiOperations } from "./api-operations.js";
import { apiSchemas } from "./api-schemas.js";
import { routes } from "./routes.js";

let admin: Admin;
beforeAll(async () => {
  admin = await startedAdmin();
});
afterAll(() => admin.close());

test("every route is described, and nothing else", () => {
  const all = routes.filter(({ onlyIn }) => onlyIn === undefined);

  expect(all.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(
    Object.keys(apiOperations).sort(),
  );
});

test("what takes a body is described with one", () => {
  const taking = routes.filter(({ bodyBytesMax }) => bodyBytesMax !== undefined);
  const described = Object.entries(apiOperations).filter(
    ([, { request }]) => request !== undefined,
  );

  expect([...new Set(taking.map(({ method, path }) => `${method} ${path}`))].sort()).toEqual(
    [...described.map(([name]) => name), "PUT /deployments/:id"].sort(),
  );
});

test("operations have names of their own, and every body is there and used", () => {
  const ids = Object.values(apiOperations).map(({ id }) => id);
  const named = Object.values(apiOperations).flatMap(({ request, answers }) => [
    ...(request === undefined ? [] : [request]),
    ...Object.values(answers).filter((schema) => schema !== null),
  ]);
  const refs = JSON.stringify(apiSchemas).matchAll(/schemas\/(\w+)"/g);
  const used = new Set(["Error", ...named, ...Array.from(refs, ([, name = ""]) => name)]);

  expect(new Set(ids).size).toBe(ids.length);
  expect([...used].sort()).toEqual(Object.keys(apiSchemas).sort());
});

test("the document is valid OpenAPI 3.1", async () => {
  const answer = await admin.ask("GET", "/openapi");

  const { valid, errors } = await new Validator().validate(answer.json);

  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
  expect(answer.json.paths["/services/{service}/handlers/{handler}"].get.parameters).toHaveLength(
    2,
  );
});
