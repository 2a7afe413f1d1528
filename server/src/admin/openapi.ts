// The OpenAPI 3.1 document of one registered service: what `GET /services/{service}/openapi` answers. It has
// what a caller from outside can do with the service: call and send its handlers, in a scope or not, and ask
// for results. Handlers that are not public are not in it.

import type { Handler } from "@perdure/proto/manifest/v1/manifest";
import type { RegisteredService } from "../shard/registry-view.js";
import { sharedComponents } from "./openapi-components.js";
import { targetSchema, type JsonObject } from "./openapi-content.js";
import { handlerPaths, resultPaths } from "./openapi-paths.js";
import { embedSchema } from "./openapi-schemas.js";

/** @param ingressUrl  where callers come in */
export function openApiOf(registered: RegisteredService, ingressUrl: string): object {
  const { service, revision } = registered;
  const handlers = service.handlers.filter((handler) => isPublic(registered, handler));
  const paths: Record<string, JsonObject> = {};
  const schemas: Record<string, unknown> = {};
  for (const handler of handlers) {
    Object.assign(paths, handlerPaths(service, handler));
    Object.assign(schemas, schemasOf(handler));
  }
  Object.assign(paths, resultPaths(handlers));
  return {
    openapi: "3.1.0",
    info: {
      title: service.name,
      version: String(revision),
      ...(service.documentation === "" ? {} : { description: service.documentation }),
    },
    servers: [{ url: ingressUrl }],
    paths,
    components: {
      ...sharedComponents,
      schemas: { ...sharedComponents.schemas, Target: targetSchema(service, handlers), ...schemas },
    },
  };
}

function isPublic({ service }: RegisteredService, handler: Handler): boolean {
  return (handler.options?.ingressPrivate ?? service.options?.ingressPrivate) !== true;
}

function schemasOf({ name, input, output }: Handler): Record<string, unknown> {
  return {
    ...(input === undefined ? {} : embedSchema(`${name}.input`, input.jsonSchema)),
    ...(output === undefined ? {} : embedSchema(`${name}.output`, output.jsonSchema)),
  };
}
