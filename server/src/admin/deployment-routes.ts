// Routes about deployments: registering, listing, moving, removing.

import type { Deployment } from "@perdure/proto/storage/v1/records";
import { adminErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import { unknownDeployment } from "./admin-errors.js";
import {
  deploymentBody,
  deploymentListBody,
  manifestBodyOf,
  registeredBody,
} from "./deployment-body.js";
import { deploymentUse } from "./deployment-use.js";
import { badRequest, queryFlag } from "./members.js";
import { parsePatchBody } from "./patch-body.js";
import type { AdminParts } from "./parts.js";
import { parseRegisterBody } from "./register-body.js";
import { manifestBody, paramOf, smallBody, type Answer, type Call, type Route } from "./route.js";

export const deploymentRoutes: readonly Route[] = [
  { method: "GET", path: "/deployments", answer: list },
  { method: "POST", path: "/deployments", bodyBytesMax: manifestBody, answer: register },
  { method: "GET", path: "/deployments/:id", answer: describe },
  { method: "GET", path: "/deployments/:id/manifest", answer: manifest },
  { method: "PATCH", path: "/deployments/:id", bodyBytesMax: smallBody, answer: patch },
  { method: "PUT", path: "/deployments/:id", bodyBytesMax: smallBody, onlyIn: 2, answer: patch },
  { method: "DELETE", path: "/deployments/:id", answer: remove },
];

async function list(parts: AdminParts, { query }: Call): Promise<Answer> {
  const include = query.get("include");
  if (include !== null && include !== "status") {
    throw badRequest(`"include" in the query must be "status", got "${include}"`);
  }
  const { view } = parts.registrar;
  const deployments = [...view.deployments.values()].map(async (deployment) => ({
    ...deploymentListBody(deployment, parts.redaction),
    ...(include === null ? {} : await deploymentUse(parts, deployment.id)),
  }));
  return { status: 200, body: { deployments: await Promise.all(deployments) } };
}

function describe(parts: AdminParts, call: Call): Answer {
  return { status: 200, body: deploymentBody(deploymentOf(parts, call), parts) };
}

function manifest(parts: AdminParts, call: Call): Answer {
  return { status: 200, body: manifestBodyOf(deploymentOf(parts, call)) };
}

async function register(parts: AdminParts, { apiVersion, body }: Call): Promise<Answer> {
  const { registrar, defaults } = parts;
  const isV2 = apiVersion === 2;
  const request = parseRegisterBody(body, isV2);
  parts.redaction.checkUnredacted(request.additionalHeaders);
  const known = registrar.view.deployments;
  const { deployment, created, changes, manifestChanges } = await registrar.register(request);
  if (isV2 && !created) {
    throw new HttpError(
      adminErrors.alreadyRegistered,
      `${request.uri} is already registered as ${deployment.id}; send "force": true to discover it again`,
    );
  }
  // Discovered again under an address that was known: overwritten, not created.
  const isNew = created && !known.has(deployment.id);
  return {
    status: isNew || isV2 ? 201 : 200,
    body: registeredBody(deployment, { changes, manifestChanges }, defaults),
    ...(request.dryRun ? {} : { location: `deployments/${deployment.id}` }),
  };
}

async function patch(parts: AdminParts, call: Call): Promise<Answer> {
  const { id } = deploymentOf(parts, call);
  const asked = parsePatchBody(call.body);
  parts.redaction.checkUnredacted(asked.additionalHeaders ?? {});
  const deployment = await parts.registrar.patch(id, asked);
  return { status: 200, body: deploymentBody(deployment, parts) };
}

async function remove(parts: AdminParts, call: Call): Promise<Answer> {
  const { id } = deploymentOf(parts, call);
  await parts.registrar.remove(id, queryFlag(call.query, "force"));
  return { status: 202 };
}

/** @throws HttpError  PDR4006 */
function deploymentOf({ registrar }: AdminParts, call: Call): Deployment {
  const id = paramOf(call, "id");
  const deployment = registrar.view.deployments.get(id);
  if (deployment === undefined) throw unknownDeployment(id);
  return deployment;
}
