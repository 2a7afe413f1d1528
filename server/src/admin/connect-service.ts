// perdure.admin.v1.DeploymentService over Connect, gRPC and gRPC-Web: the REST routes' operations.

import { Code, ConnectError } from "@connectrpc/connect";
import type { ServiceImpl } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { DeploymentService } from "@perdure/proto/admin/v1/admin";
import { errorMessage } from "@perdure/protocol/error-message";
import { adminErrors } from "../http/error-codes.js";
import { connectCodeOf, HttpError } from "../http/http-error.js";
import type { HttpHandler } from "../http/messages.js";
import { checkReady, toHttpError, unknownDeployment } from "./admin-errors.js";
import { deploymentMessage } from "./deployment-body.js";
import type { AdminParts } from "./parts.js";
import { checkHeaders, checkUri } from "./register-body.js";
import { manifestBody } from "./route.js";

/** A registration may carry a manifest. */
const messageBytesMax = manifestBody;

/** Answers requests under /perdure.admin.v1.DeploymentService/. */
export function createConnectHandler(parts: AdminParts): HttpHandler {
  const adapter = connectNodeAdapter({
    routes: (router) => {
      router.service(DeploymentService, deploymentService(parts));
    },
    readMaxBytes: messageBytesMax,
  });
  const { typeName, methods } = DeploymentService;
  const paths = new Set(methods.map((method) => `/${typeName}/${method.name}`));
  return (request, response) => {
    const [path = ""] = (request.url ?? "").split("?", 1);
    if (!paths.has(path)) {
      throw new HttpError(adminErrors.unknownRoute, `${typeName} has no method at ${path}`);
    }
    try {
      adapter(request, response);
    } catch (error) {
      const why = errorMessage(error);
      throw new HttpError(adminErrors.badRequest, `bad host header: ${why}`, { cause: error });
    }
  };
}

function deploymentService(parts: AdminParts): ServiceImpl<typeof DeploymentService> {
  const { registrar, redaction } = parts;
  return {
    registerDeployment: (request) =>
      answering(parts, "RegisterDeployment", async () => {
        redaction.checkUnredacted(request.additionalHeaders);
        const { deployment, created, changes, manifestChanges } = await registrar.register({
          uri: checkUri(request.uri),
          force: request.force,
          dryRun: request.dryRun,
          additionalHeaders: checkHeaders(request.additionalHeaders),
          metadata: request.metadata,
          useHttp11: request.useHttp11,
          requestResponse: request.requestResponse,
          strict: request.strict,
          manifest: request.manifest,
        });
        return {
          deployment: deploymentMessage(deployment, redaction),
          created,
          changes: [...changes],
          manifestChanges: [...manifestChanges],
        };
      }),
    listDeployments: () =>
      answering(parts, "ListDeployments", async () => ({
        deployments: [...registrar.view.deployments.values()].map((one) =>
          deploymentMessage(one, redaction),
        ),
      })),
    getDeployment: ({ id }) =>
      answering(parts, "GetDeployment", async () => {
        const deployment = registrar.view.deployments.get(id);
        if (deployment === undefined) throw unknownDeployment(id);
        return { deployment: deploymentMessage(deployment, redaction) };
      }),
  };
}

async function answering<T>(
  parts: AdminParts,
  during: string,
  answer: () => Promise<T>,
): Promise<T> {
  try {
    checkReady(parts);
    return await answer();
  } catch (error) {
    const known = toHttpError(error, during);
    const metadata = new Headers({ "x-perdure-error-code": known.code });
    if (known.restateCode !== undefined) metadata.set("x-restate-error-code", known.restateCode);
    const code = known.status === 409 ? Code.FailedPrecondition : connectCodeOf(known.status);
    throw new ConnectError(known.message, code, metadata);
  }
}
