// The admin port's REST routes, as commands need them. Every way in which an answer can fail to come
// becomes an error that says which address was tried.

import { CliError, CliErrorCode } from "./cli-error.js";

export const defaultAdminUrl = "http://127.0.0.1:9070";

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
}

export interface DeploymentDetails extends DeploymentAnswer {
  readonly uri: string;
  readonly created_at: string;
}

export interface Registration {
  readonly deployment: DeploymentAnswer;
  /** False: the address was known before. */
  readonly isNew: boolean;
}

export interface RegisterOptions {
  readonly force: boolean;
  readonly dryRun: boolean;
}

export interface AdminClient {
  readonly url: string;
  register(uri: string, options: RegisterOptions): Promise<Registration>;
  list(): Promise<readonly DeploymentDetails[]>;
  get(id: string): Promise<DeploymentDetails>;
}

/**
 * @param url  of the flag or of the environment; `host:port` alone means http
 * @throws CliError  PDR5205: not an address
 */
export function createAdminClient(url: string): AdminClient {
  const base = baseOf(url);
  return {
    url: base,
    async register(uri, { force, dryRun }) {
      const { status, body } = await request(base, "/deployments", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ uri, force, dry_run: dryRun }),
      });
      return { deployment: checked(base, isDeployment, body), isNew: status === 201 };
    },
    async list() {
      const { body } = await request(base, "/deployments", {});
      return checked(base, isDeploymentList, body).deployments;
    },
    async get(id) {
      const { body } = await request(base, `/deployments/${encodeURIComponent(id)}`, {});
      return checked(base, isDetails, body);
    },
  };
}

function baseOf(url: string): string {
  const whole = url.includes("://") ? url : `http://${url}`;
  const parsed = URL.canParse(whole) ? new URL(whole) : undefined;
  const isAddress = parsed?.protocol === "http:" || parsed?.protocol === "https:";
  if (parsed !== undefined && isAddress && parsed.username === "" && parsed.search === "") {
    return parsed.href.replace(/\/+$/, "");
  }
  throw new CliError(
    CliErrorCode.badAdminUrl,
    `"${url}" is not the address of an admin port. Give --admin-url or PERDURE_ADMIN_URL one such as ${defaultAdminUrl}`,
  );
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A registration waits for the deployment to be discovered, with retries. */
const answerTimeoutMs = 120_000;

async function request(base: string, path: string, init: RequestInit): Promise<Answer> {
  const signal = AbortSignal.timeout(answerTimeoutMs);
  let response: Response;
  let text: string;
  try {
    response = await fetch(base + path, { ...init, signal });
    text = await response.text();
  } catch (cause) {
    throw notReachable(base, cause);
  }
  const body = parseJson(text);
  if (response.ok) return { status: response.status, body };
  throw refused(base, response.status, body);
}

function notReachable(base: string, error: unknown): CliError {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const { code, message = String(cause) } = cause as { code?: string; message?: string };
  return new CliError(
    CliErrorCode.adminNotReachable,
    `no answer from the admin port at ${base} (${code ?? message}). ` +
      `Start a server with: npx perdure server; or name another with --admin-url or PERDURE_ADMIN_URL`,
    { cause: error },
  );
}

function refused(base: string, status: number, body: unknown): CliError {
  const { message, errorCode, restate_code, source } = (isObject(body) ? body : {}) as {
    readonly message?: unknown;
    readonly errorCode?: unknown;
    readonly restate_code?: unknown;
    readonly source?: unknown;
  };
  if (source === "ingress") {
    return notAnAdmin(base, "that is an ingress: the admin port is another one, 9070 unless set");
  }
  if (typeof message !== "string") return notAnAdmin(base, `it answered with HTTP ${status}`);
  const known = typeof restate_code === "string" ? ` (${restate_code})` : "";
  return typeof errorCode === "string"
    ? new CliError(errorCode, message + known)
    : new CliError(CliErrorCode.adminRefused, `HTTP ${status} from ${base}: ${message}${known}`);
}

function notAnAdmin(base: string, why: string): CliError {
  return new CliError(
    CliErrorCode.notAnAdmin,
    `what answers at ${base} is no admin port of Perdure: ${why}`,
  );
}

function checked<T>(base: string, is: (body: unknown) => body is T, body: unknown): T {
  if (is(body)) return body;
  throw notAnAdmin(base, "its answer has another form");
}

function isDeploymentList(
  body: unknown,
): body is { readonly deployments: readonly DeploymentDetails[] } {
  if (!isObject(body) || !("deployments" in body)) return false;
  return Array.isArray(body.deployments) && body.deployments.every(isDetails);
}

function isDetails(body: unknown): body is DeploymentDetails {
  if (!isDeployment(body) || !("uri" in body) || !("created_at" in body)) return false;
  return typeof body.uri === "string" && typeof body.created_at === "string";
}

function isDeployment(body: unknown): body is DeploymentAnswer {
  if (!isObject(body) || !("id" in body) || !("services" in body)) return false;
  const { id, services } = body;
  return typeof id === "string" && Array.isArray(services) && services.every(isService);
}

function isService(body: unknown): body is ServiceAnswer {
  return isObject(body) && "name" in body && typeof body.name === "string" && "revision" in body;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
