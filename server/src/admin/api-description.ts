// The admin port's own OpenAPI 3.1 description, made of its route table: `GET /openapi`.

import { invariant } from "@perdure/protocol/assert";
import { serverVersion } from "../observe/version.js";
import { apiOperations, type ApiOperation } from "./api-operations.js";
import { apiSchemas } from "./api-schemas.js";
import type { Route } from "./route.js";

type Json = Readonly<Record<string, unknown>>;

/**
 * The route that describes others and itself.
 * @param others  older versions' own routes are left out
 */
export function descriptionRoute(others: readonly Route[]): Route {
  const route: Route = {
    method: "GET",
    path: "/openapi",
    early: true,
    answer: () => ({ status: 200, body: describeApi([...others, route]) }),
  };
  return route;
}

function describeApi(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, Json>> = {};
  for (const route of routes) {
    if (route.onlyIn !== undefined) continue;
    const path = route.path.replaceAll(/:([a-z]+)/g, "{$1}");
    const methods = (paths[path] ??= {});
    methods[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Perdure admin port", version: serverVersion() },
    paths,
    components: { schemas: apiSchemas },
  };
}

function operation({ method, path }: Route): Json {
  const described: ApiOperation | undefined = apiOperations[`${method} ${path}`];
  invariant(described !== undefined, `the route ${method} ${path} is described`);
  const { id, summary, query = {}, request, answers, errors = [], deprecated } = described;
  const inPath = [...path.matchAll(/:([a-z]+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(query).map(([name, description]) => ({
    name,
    in: "query",
    description,
    schema: { type: "string" },
  }));
  const responses = [
    ...Object.entries(answers).map(
      ([status, schema]) => [status, response("Done", schema)] as const,
    ),
    ...errors.map((status) => [String(status), response("Refused", "Error")] as const),
    ["default", response("Not possible at the moment, or a bug", "Error")] as const,
  ];
  return {
    operationId: id,
    summary,
    ...(deprecated === true ? { deprecated } : {}),
    parameters: [...inPath, ...inQuery],
    ...(request === undefined ? {} : { requestBody: { required: true, content: json(request) } }),
    responses: Object.fromEntries(responses),
  };
}

function response(description: string, schema: string | null): Json {
  return schema === null ? { description } : { description, content: json(schema) };
}

function json(schema: string): Json {
  return { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } };
}
