// What each route of the admin port is for, takes and answers with: the other half of the route table, for the
// description alone. A test holds the two together.

export interface ApiOperation {
  /** Unique; what generators call the method. */
  readonly id: string;
  readonly summary: string;
  /** Parameters of the query, and what they are. */
  readonly query?: Readonly<Record<string, string>>;
  /** Name of a schema. */
  readonly request?: string;
  /** Names of schemas by status; null for an empty body. */
  readonly answers: Readonly<Record<number, string | null>>;
  readonly errors?: readonly number[];
  readonly deprecated?: boolean;
}

const whichDeployment = { deployment: "latest, keep, or the id of a deployment" };

const verbs: Readonly<Record<string, ApiOperation>> = {
  "PATCH /invocations/:id/cancel": {
    id: "cancelInvocation",
    summary: "Let the code of an invocation know that it should stop",
    answers: { 200: null, 202: null },
    errors: [400, 404, 409],
  },
  "PATCH /invocations/:id/kill": {
    id: "killInvocation",
    summary: "End an invocation at once, with the calls that it waits for",
    answers: { 200: null },
    errors: [400, 404, 409],
  },
  "PATCH /invocations/:id/pause": {
    id: "pauseInvocation",
    summary: "Let an invocation rest until it is resumed",
    answers: { 200: null, 202: null },
    errors: [400, 404, 409],
  },
  "PATCH /invocations/:id/resume": {
    id: "resumeInvocation",
    summary: "Let an invocation go on, now",
    query: whichDeployment,
    answers: { 200: null },
    errors: [400, 404, 409, 425],
  },
  "PATCH /invocations/:id/purge": {
    id: "purgeInvocation",
    summary: "Forget an invocation that has ended",
    answers: { 200: null },
    errors: [400, 404, 409],
  },
  "PATCH /invocations/:id/purge-journal": {
    id: "purgeJournal",
    summary: "Forget the journal of an invocation that has ended, and keep its result",
    answers: { 200: null },
    errors: [400, 404, 409],
  },
  "PATCH /invocations/:id/restart-as-new": {
    id: "restartInvocation",
    summary: "Run an invocation that has ended once more, as a new one",
    query: { ...whichDeployment, from: "Index of the last journal entry to keep; 0: the input" },
    answers: { 200: "RestartedInvocation" },
    errors: [400, 404, 409, 410, 422, 425],
  },
};

function batch(verb: string, id: string): Readonly<Record<string, ApiOperation>> {
  return {
    [`POST /internal/invocations_batch_operations/${verb}`]: {
      id,
      summary: `${verb} of up to 1000 invocations`,
      request: "BatchRequest",
      answers: { 200: "BatchResponse" },
      errors: [400],
    },
  };
}

/** By method and path, as the route has them. */
export const apiOperations: Readonly<Record<string, ApiOperation>> = {
  "GET /health": {
    id: "health",
    summary: "Whether the server takes requests",
    answers: { 200: null },
  },
  "GET /version": { id: "version", summary: "Versions and features", answers: { 200: "Version" } },
  "GET /openapi": { id: "openapi", summary: "This document", answers: { 200: "OpenApi" } },
  "GET /deployments": {
    id: "listDeployments",
    summary: "All deployments",
    query: { include: "status: adds whether each is still needed" },
    answers: { 200: "Deployments" },
    errors: [400],
  },
  "POST /deployments": {
    id: "registerDeployment",
    summary: "Discover the services at an address and make them available",
    request: "RegisterDeploymentRequest",
    answers: { 200: "RegisterDeploymentResponse", 201: "RegisterDeploymentResponse" },
    errors: [400, 409, 500],
  },
  "GET /deployments/:id": {
    id: "getDeployment",
    summary: "One deployment with all that it offers",
    answers: { 200: "Deployment" },
    errors: [404],
  },
  "GET /deployments/:id/manifest": {
    id: "getDeploymentManifest",
    summary:
      "What a deployment said of its services, and codegen with it: perdure.manifest.v1.Manifest",
    answers: { 200: "Manifest" },
    errors: [404],
  },
  "PATCH /deployments/:id": {
    id: "updateDeployment",
    summary: "Change the address or the headers of a deployment",
    request: "UpdateDeploymentRequest",
    answers: { 200: "Deployment" },
    errors: [400, 404, 409, 500],
  },
  "DELETE /deployments/:id": {
    id: "removeDeployment",
    summary: "Remove a deployment that nothing needs",
    query: { force: "true: also while it is needed" },
    answers: { 202: null },
    errors: [404, 409],
  },
  "GET /services": {
    id: "listServices",
    summary: "All services, as their newest deployments have them",
    answers: { 200: "Services" },
  },
  "GET /services/:service": {
    id: "getService",
    summary: "One service",
    answers: { 200: "Service" },
    errors: [404],
  },
  "PATCH /services/:service": {
    id: "updateService",
    summary: "Change options of a service until it is registered anew",
    request: "UpdateServiceRequest",
    answers: { 200: "Service" },
    errors: [400, 404],
  },
  "GET /services/:service/openapi": {
    id: "getServiceOpenapi",
    summary: "How a service is called",
    answers: { 200: "OpenApi" },
    errors: [404],
  },
  "GET /services/:service/handlers": {
    id: "listHandlers",
    summary: "The handlers of a service",
    answers: { 200: "Handlers" },
    errors: [404],
  },
  "GET /services/:service/handlers/:handler": {
    id: "getHandler",
    summary: "One handler of a service",
    answers: { 200: "Handler" },
    errors: [404],
  },
  "POST /services/:service/state": {
    id: "updateState",
    summary: "Replace all state of an object or a workflow, in turn with what runs on its key",
    request: "UpdateStateRequest",
    answers: { 202: null },
    errors: [400, 404],
  },
  "GET /services/:service/state/:key": {
    id: "getState",
    summary: "All state of an object or a workflow",
    query: { scope: "In which the object is" },
    answers: { 200: "State" },
    errors: [400, 404],
  },
  "GET /invocations/:id": {
    id: "getInvocation",
    summary: "One invocation",
    answers: { 200: "Invocation" },
    errors: [400, 404],
  },
  "GET /invocations/:id/journal": {
    id: "getJournal",
    summary: "The journal of an invocation",
    answers: { 200: "Journal" },
    errors: [400, 404],
  },
  "DELETE /invocations/:id": {
    id: "terminateInvocation",
    summary: "Cancel, kill or purge an invocation, without learning what came of it",
    query: { mode: "Cancel (default), Kill or Purge" },
    answers: { 202: null },
    errors: [400],
    deprecated: true,
  },
  ...verbs,
  ...batch("cancel", "cancelInvocations"),
  ...batch("kill", "killInvocations"),
  ...batch("pause", "pauseInvocations"),
  ...batch("resume", "resumeInvocations"),
  ...batch("purge", "purgeInvocations"),
  ...batch("purge-journal", "purgeJournals"),
  ...batch("restart-as-new", "restartInvocations"),
  "GET /limits/rules": {
    id: "listRules",
    summary: "All rules of concurrency limits",
    answers: { 200: "Rules" },
  },
  "PUT /limits/rules": {
    id: "putRules",
    summary: "Add or replace rules, all or none",
    request: "RuleChanges",
    answers: { 200: "Rules" },
    errors: [400, 409, 422],
  },
  "POST /limits/rules/bulk-delete": {
    id: "deleteRules",
    summary: "Remove rules, all or none",
    request: "RuleRemovals",
    answers: { 200: "Patterns" },
    errors: [400, 409],
  },
};
