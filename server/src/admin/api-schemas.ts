// The bodies of the admin port's own OpenAPI description. Answers may hold more members than are named here, and
// will: nothing of them is closed.

type Schema = Readonly<Record<string, unknown>>;

const string: Schema = { type: "string" };
const boolean: Schema = { type: "boolean" };
const count: Schema = { type: "integer", minimum: 0 };
const time: Schema = { type: "string", format: "date-time" };
const textMap: Schema = { type: "object", additionalProperties: string };
const bytes: Schema = { type: "array", items: { type: "integer", minimum: 0, maximum: 255 } };
const duration: Schema = {
  type: "string",
  description: "Friendly or ISO-8601: 500ms, 10s, 1h 5m, PT1H5M",
};

function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

function listOf(items: Schema): Schema {
  return { type: "array", items };
}

/** @param required  names of members that are always there; of all by default */
function object(properties: Schema, required: readonly string[] = Object.keys(properties)): Schema {
  return { type: "object", properties, required };
}

/** By name. */
export const apiSchemas: Readonly<Record<string, Schema>> = {
  Error: object({ message: string, restate_code: { type: ["string", "null"] }, errorCode: string }),
  Version: object({
    version: string,
    min_admin_api_version: count,
    max_admin_api_version: count,
    ingress_endpoint: string,
    features: { type: "object", additionalProperties: boolean },
  }),
  RegisterDeploymentRequest: object(
    {
      uri: string,
      force: boolean,
      dry_run: boolean,
      strict: boolean,
      breaking: boolean,
      use_http_11: boolean,
      request_response: boolean,
      additional_headers: textMap,
      metadata: textMap,
      manifest: ref("Manifest"),
    },
    ["uri"],
  ),
  Manifest: { type: "object" },
  RegisterDeploymentResponse: object(
    {
      id: string,
      services: listOf(ref("Service")),
      min_protocol_version: count,
      max_protocol_version: count,
      sdk_version: string,
      info: listOf(ref("Info")),
      manifest_changes: listOf(ref("ManifestChange")),
    },
    ["id", "services", "min_protocol_version", "max_protocol_version", "info"],
  ),
  ManifestChange: object(
    {
      kind: { enum: ["added", "changed", "removed"] },
      breaks_callers: boolean,
      breaks_running: boolean,
      service: string,
      handler: string,
      text: string,
    },
    ["kind", "breaks_callers", "breaks_running", "service", "text"],
  ),
  UpdateDeploymentRequest: object(
    {
      uri: string,
      additional_headers: textMap,
      use_http_11: boolean,
      overwrite: boolean,
      dry_run: boolean,
    },
    [],
  ),
  Deployment: object(
    {
      id: string,
      type: { const: "http" },
      uri: string,
      protocol_type: { enum: ["BidiStream", "RequestResponse"] },
      http_version: string,
      additional_headers: textMap,
      metadata: textMap,
      created_at: time,
      min_protocol_version: count,
      max_protocol_version: count,
      sdk_version: string,
      manifest_hash: string,
      status: { enum: ["active", "draining", "drained"] },
      pinned_invocations: count,
      services: listOf(object({ name: string, revision: count })),
      info: listOf(ref("Info")),
    },
    ["id", "type", "uri", "created_at", "services"],
  ),
  Deployments: object({ deployments: listOf(ref("Deployment")) }),
  Info: object({ message: string, code: string }, ["message"]),
  Service: object(
    {
      name: string,
      ty: { enum: ["Service", "VirtualObject", "Workflow"] },
      handlers: listOf(ref("Handler")),
      documentation: string,
      metadata: textMap,
      deployment_id: string,
      revision: count,
      public: boolean,
      idempotency_retention: duration,
      workflow_completion_retention: duration,
      journal_retention: duration,
      inactivity_timeout: duration,
      abort_timeout: duration,
      enable_lazy_state: boolean,
      retry_policy: ref("RetryPolicy"),
      info: listOf(ref("Info")),
    },
    ["name", "ty", "handlers", "deployment_id", "revision", "public"],
  ),
  Services: object({ services: listOf(ref("Service")) }),
  UpdateServiceRequest: object(
    {
      public: boolean,
      idempotency_retention: duration,
      workflow_completion_retention: duration,
      journal_retention: duration,
      inactivity_timeout: duration,
      abort_timeout: duration,
    },
    [],
  ),
  RetryPolicy: object(
    {
      initial_interval: duration,
      exponentiation_factor: { type: "number" },
      max_attempts: { type: ["integer", "null"], description: "null: no limit" },
      max_interval: duration,
      on_max_attempts: { enum: ["Pause", "Kill"] },
    },
    [],
  ),
  Handler: object(
    {
      name: string,
      ty: { enum: ["Exclusive", "Shared", "Workflow"] },
      documentation: string,
      metadata: textMap,
      idempotency_retention: duration,
      journal_retention: duration,
      inactivity_timeout: duration,
      abort_timeout: duration,
      enable_lazy_state: boolean,
      public: boolean,
      input_description: string,
      output_description: string,
      input_json_schema: {},
      output_json_schema: {},
      retry_policy: ref("RetryPolicy"),
      info: listOf(ref("Info")),
    },
    ["name", "public", "input_description", "output_description"],
  ),
  Handlers: object({ handlers: listOf(ref("Handler")) }),
  OpenApi: { type: "object", description: "An OpenAPI 3.1 document" },
  State: object({ state: { type: "object", additionalProperties: bytes }, version: string }),
  UpdateStateRequest: object(
    {
      object_key: string,
      scope: string,
      version: string,
      new_state: { type: "object", additionalProperties: bytes },
    },
    ["object_key", "new_state"],
  ),
  Invocation: object(
    {
      id: string,
      target: string,
      service: string,
      handler: string,
      key: string,
      scope: string,
      limit_key: string,
      idempotency_key: string,
      status: {
        enum: "scheduled pending ready running suspended backing-off paused completed".split(" "),
      },
      created_at: time,
      modified_at: time,
      scheduled_start_at: time,
      next_retry_at: time,
      completed_at: time,
      journal_size: count,
      retry_count: count,
      pinned_deployment_id: string,
      restarted_from: string,
      completion_retention: duration,
      journal_retention: duration,
      last_failure: object({ code: count, message: string, at: time }),
      completion_result: { enum: ["success", "failure"] },
      completion_failure: string,
    },
    ["id", "target", "service", "handler", "status", "created_at", "modified_at"],
  ),
  Journal: {
    type: "object",
    description: "Proto JSON of perdure.admin.v1.JournalExport, which the testing kit replays",
  },
  RestartedInvocation: object({ new_invocation_id: string }),
  BatchRequest: object(
    { invocation_ids: { ...listOf(string), maxItems: 1_000 }, deployment: string },
    ["invocation_ids"],
  ),
  BatchResponse: object({
    succeeded: listOf({
      anyOf: [string, object({ old_invocation_id: string, new_invocation_id: string })],
    }),
    failed: listOf(object({ invocation_id: string, error: string })),
  }),
  Limits: object({ concurrency: { type: "integer", minimum: 1 } }, []),
  RuleChange: object(
    {
      pattern: string,
      limits: ref("Limits"),
      description: string,
      disabled: boolean,
      precondition: object(
        { type: { enum: ["none", "matches", "does_not_exist"] }, version: count },
        ["type"],
      ),
    },
    ["pattern"],
  ),
  RuleChanges: listOf(ref("RuleChange")),
  Rule: object(
    {
      pattern: string,
      limits: ref("Limits"),
      description: string,
      disabled: boolean,
      version: count,
      last_modified_millis_since_epoch: { type: "number" },
    },
    ["pattern", "limits", "disabled", "version", "last_modified_millis_since_epoch"],
  ),
  Rules: listOf(ref("Rule")),
  RuleRemovals: listOf(object({ pattern: string, expected_version: count }, ["pattern"])),
  Patterns: listOf(string),
};
