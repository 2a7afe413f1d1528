// The admin port's routes about deployments, as commands need them.

import { isObject, type AdminConnection } from "./admin-connection.js";

export interface HandlerAnswer {
  readonly name: string;
}

export interface ServiceAnswer {
  readonly name: string;
  readonly revision: number;
  /** Service, VirtualObject or Workflow. Not in lists. */
  readonly ty?: string;
  /** Not in lists. */
  readonly handlers?: readonly HandlerAnswer[];
}

export interface DeploymentAnswer {
  readonly id: string;
  readonly services: readonly ServiceAnswer[];
  readonly min_protocol_version: number;
  readonly max_protocol_version: number;
  readonly sdk_version?: string;
  /** Of a registration: what callers and running work will notice. */
  readonly info?: readonly { readonly message: string }[];
  /** Of a registration: every difference to what new work runs on now. */
  readonly manifest_changes?: readonly ChangeAnswer[];
}

/** A difference to what new work runs on. */
export interface ChangeAnswer {
  readonly kind: string;
  readonly breaks_callers: boolean;
  readonly breaks_running: boolean;
  readonly text: string;
}

export interface DeploymentDetails extends DeploymentAnswer {
  readonly uri: string;
  readonly created_at: string;
  readonly protocol_type?: string;
  /** Absent: it has no manifest of codegen. */
  readonly manifest_hash?: string;
  /** In lists: active, draining or drained. */
  readonly status?: string;
  /** In lists: invocations that have not ended and belong to it. */
  readonly pinned_invocations?: number;
}

export interface Registration {
  readonly deployment: DeploymentAnswer;
  /** False: the address was known before. */
  readonly isNew: boolean;
}

export interface RegisterOptions {
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly strict: boolean;
  readonly useHttp11: boolean;
  /** Undefined: as the endpoint says. */
  readonly requestResponse: boolean | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** What codegen wrote as manifest.json, parsed. Undefined: as the endpoint says. */
  readonly manifest: unknown;
}

export interface DeploymentClient {
  register(uri: string, options: RegisterOptions): Promise<Registration>;
  list(): Promise<readonly DeploymentDetails[]>;
  get(id: string): Promise<DeploymentDetails>;
  remove(id: string, force: boolean): Promise<void>;
}

export function createDeploymentClient(admin: AdminConnection): DeploymentClient {
  const pathOf = (id: string): string => `/deployments/${encodeURIComponent(id)}`;
  return {
    async register(uri, options) {
      const { force, dryRun, strict, useHttp11, requestResponse, headers, manifest } = options;
      const { status, body } = await admin.ask("POST", "/deployments", {
        uri,
        force,
        dry_run: dryRun,
        ...(strict ? { strict } : {}),
        ...(useHttp11 ? { use_http_11: true } : {}),
        ...(requestResponse === undefined ? {} : { request_response: requestResponse }),
        ...(Object.keys(headers).length === 0 ? {} : { additional_headers: headers }),
        ...(manifest === undefined ? {} : { manifest }),
      });
      return { deployment: admin.checked(isDeployment, body), isNew: status === 201 };
    },
    async list() {
      const { body } = await admin.ask("GET", "/deployments?include=status");
      return admin.checked(isDeploymentList, body).deployments;
    },
    async get(id) {
      const { body } = await admin.ask("GET", pathOf(id));
      return admin.checked(isDetails, body);
    },
    async remove(id, force) {
      await admin.ask("DELETE", `${pathOf(id)}${force ? "?force=true" : ""}`);
    },
  };
}

function isDeploymentList(
  body: unknown,
): body is { readonly deployments: readonly DeploymentDetails[] } {
  if (!isObject(body) || !("deployments" in body)) return false;
  return Array.isArray(body["deployments"]) && body["deployments"].every(isDetails);
}

function isDetails(body: unknown): body is DeploymentDetails {
  if (!isDeployment(body) || !("uri" in body) || !("created_at" in body)) return false;
  return typeof body.uri === "string" && typeof body.created_at === "string";
}

function isDeployment(body: unknown): body is DeploymentAnswer {
  if (!isObject(body)) return false;
  const { id, services } = body;
  return typeof id === "string" && Array.isArray(services) && services.every(isService);
}

function isService(body: unknown): body is ServiceAnswer {
  return isObject(body) && typeof body["name"] === "string" && "revision" in body;
}
