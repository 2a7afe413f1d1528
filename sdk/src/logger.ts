// The SDK's log. Everything that is said, by the SDK itself (SYSTEM), about journals (JOURNAL) and by handlers through
// `ctx.console` (USER), goes to one transport: the endpoint's own, or the default, which writes lines from the level on
// that PERDURE_LOGGING (else PERDURE_LOG, else RESTATE_LOGGING) names.

import type { Start } from "@perdure/proto/protocol/v1/deployment";
import type { Request } from "./context/context.js";

export type RestateLogLevel = "trace" | "debug" | "info" | "warn" | "error";

/** Who speaks: the SDK, the SDK about a journal, or a handler. */
export type LogSource = "SYSTEM" | "JOURNAL" | "USER";

/** The invocation that a line is about. */
export interface LoggerContext {
  /** inv_… */
  readonly invocationId: string;
  /** Service/handler or Service/key/handler. */
  readonly invocationTarget: string;
  readonly serviceName: string;
  readonly handlerName: string;
  readonly key?: string | undefined;
  readonly request?: Request | undefined;
  readonly additionalContext?: Readonly<Record<string, string>> | undefined;
}

export interface LogMetadata {
  readonly level: RestateLogLevel;
  /** The line was said before: the handler is being replayed. Transports leave such lines out. */
  readonly replaying: boolean;
  readonly source: LogSource;
  readonly context?: LoggerContext | undefined;
}

/** Where lines go. It is called on the way of the handler: it must not throw, and should not take long. */
export type LoggerTransport = (
  metadata: LogMetadata,
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever `console.log` takes
  message?: any,
  // oxlint-disable-next-line typescript/no-explicit-any
  ...more: any[]
) => void;

const levels: readonly RestateLogLevel[] = ["trace", "debug", "info", "warn", "error"];

/** The invocation of an attempt, as log lines name it. */
export function logContextOf(attempt: { readonly start: Start }, request?: Request): LoggerContext {
  const { target, invocationId } = attempt.start;
  const { service: serviceName = "", handler: handlerName = "", key } = target ?? {};
  return {
    invocationId,
    invocationTarget: [serviceName, ...(key === undefined ? [] : [key]), handlerName].join("/"),
    serviceName,
    handlerName,
    ...(key === undefined ? {} : { key }),
    ...(request === undefined ? {} : { request }),
  };
}

/** What the SDK itself has to say. */
export interface Logger extends Readonly<
  Record<RestateLogLevel, (message: string, context?: LoggerContext) => void>
> {
  readonly transport: LoggerTransport;
}

export function createLogger(transport: LoggerTransport = defaultTransport()): Logger {
  const at =
    (level: RestateLogLevel) =>
    (message: string, context?: LoggerContext): void => {
      try {
        transport({ level, replaying: false, source: "SYSTEM", context }, message);
      } catch {
        // A log that can't be written is no reason to lose what it was about.
      }
    };
  return {
    transport,
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
  };
}

/**
 * A console whose lines go to the transport; what was said before a replay is marked as such. Its other members (tables,
 * groups, timers) are the global console's, silent while the handler is replayed.
 */
export function loggingConsole(
  transport: LoggerTransport,
  context: () => LoggerContext,
  replaying: () => boolean,
): Console {
  let known: LoggerContext | undefined;
  return new Proxy(console, {
    get(target, property): unknown {
      const level = levelOf(property);
      if (level !== undefined) {
        return (message?: unknown, ...more: unknown[]): void => {
          known ??= context();
          const metadata = {
            level,
            replaying: replaying(),
            source: "USER",
            context: known,
          } as const;
          transport(metadata, message, ...more);
        };
      }
      const member: unknown = Reflect.get(target, property);
      if (typeof member !== "function" || !replaying()) return member;
      return () => undefined;
    },
  });
}

function levelOf(method: string | symbol): RestateLogLevel | undefined {
  return method === "log" ? "info" : levels.find((level) => level === method);
}

/** Lines of the SDK go to stderr, whatever their level; those of handlers where the global console puts them. */
export function defaultTransport(from: RestateLogLevel = levelFromEnvironment()): LoggerTransport {
  const lowest = levels.indexOf(from);
  return ({ level, replaying, source, context }, message, ...more) => {
    if (replaying || levels.indexOf(level) < lowest) return;
    const write = source === "USER" ? console[level] : console.error;
    write(...prefixed(prefixOf(level, context), message, more));
  };
}

function prefixOf(level: RestateLogLevel, context: LoggerContext | undefined): string {
  const about =
    context === undefined ? "" : ` ${context.invocationTarget} ${context.invocationId}:`;
  const more = Object.entries(context?.additionalContext ?? {}).map(
    ([name, value]) => ` ${name}=${value}`,
  );
  return `${new Date().toISOString()} ${level.toUpperCase()}${more.join("")}${about}`;
}

/** The prefix becomes part of a text, so that its placeholders (`%d`) still are filled in. */
function prefixed(prefix: string, message: unknown, more: readonly unknown[]): unknown[] {
  if (typeof message !== "string") return [prefix, message, ...more];
  const text = more.length === 0 ? prefix : prefix.replaceAll("%", "%%");
  return [`${text} ${message}`, ...more];
}

function levelFromEnvironment(): RestateLogLevel {
  // Not every runtime has a process.
  const environment = (globalThis as { process?: { env?: Record<string, string | undefined> } })
    .process?.env;
  const { PERDURE_LOGGING: own, PERDURE_LOG: server, RESTATE_LOGGING: field } = environment ?? {};
  const wanted = (own ?? server ?? field ?? "info").toLowerCase();
  return levels.find((level) => level === wanted) ?? "info";
}
