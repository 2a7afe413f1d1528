// Requests to an admin port and their answers. Every way in which an answer can fail to come becomes an error that
// says which address was tried.

import type { CliIo } from "./cli-io.js";
import { CliError, CliErrorCode } from "./cli-error.js";

export const defaultAdminUrl = "http://127.0.0.1:9070";

export interface AdminAnswer {
  readonly status: number;
  /** Parsed JSON; undefined where there is none. */
  readonly body: unknown;
}

export interface AdminConnection {
  readonly url: string;
  /**
   * @param body  sent as JSON
   * @throws CliError  whatever is not a success: PDR5202 to PDR5204, or the server's own code
   */
  ask(method: string, path: string, body?: object): Promise<AdminAnswer>;
  /**
   * The body of an answer, if it has the form that is expected.
   * @throws CliError  PDR5204
   */
  checked<T>(is: (body: unknown) => body is T, body: unknown): T;
}

/** The admin port that a flag names, or the environment, or else the default one. */
export function connectionOf(io: CliIo, adminUrl: string | undefined): AdminConnection {
  // Set to nothing is how scripts and containers leave a variable out.
  const fromEnvironment = io.env["PERDURE_ADMIN_URL"] || undefined;
  return createAdminConnection(adminUrl ?? fromEnvironment ?? defaultAdminUrl);
}

/**
 * @param url  of the flag or of the environment; `host:port` alone means http
 * @throws CliError  PDR5205: not an address
 */
export function createAdminConnection(url: string): AdminConnection {
  const base = baseOf(url);
  return {
    url: base,
    ask: (method, path, body) => ask(base, method, path, body),
    checked: (is, body) => {
      if (is(body)) return body;
      throw notAnAdmin(base, "its answer has another form");
    },
  };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
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

/** A registration waits for the deployment to be discovered, with retries. */
const answerTimeoutMs = 120_000;

async function ask(
  base: string,
  method: string,
  path: string,
  body: object | undefined,
): Promise<AdminAnswer> {
  const sent =
    body === undefined
      ? {}
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  let response: Response;
  let text: string;
  try {
    const signal = AbortSignal.timeout(answerTimeoutMs);
    response = await fetch(base + path, { method, ...sent, signal });
    text = await response.text();
  } catch (cause) {
    throw notReachable(base, cause);
  }
  const answer = parseJson(text);
  if (response.ok) return { status: response.status, body: answer };
  throw refused(base, response.status, answer);
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
