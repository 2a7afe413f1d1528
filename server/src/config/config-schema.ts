// What the values of the configuration may be, and the form in which the server uses them: durations in
// milliseconds, sizes in bytes, addresses in parts. The environment and flags know text only, so every
// value may also be given as the text that reads like it.

import { parseDuration } from "@perdure/protocol/duration";
import { partitionCount } from "@perdure/protocol/ids";
import type { RetryPolicy } from "@perdure/protocol/retry";
import * as v from "valibot";
import { parseAllowedHost, type AllowedHost } from "../outbound/allowed-hosts.js";
import { logLevels } from "../observe/log.js";
import type { ListenAddress, ServerConfig } from "./server-config.js";

const duration = v.pipe(
  readBy(
    'a duration such as "30s", "1h 30m" or "PT1M", or a number of milliseconds',
    (text) => plainNumber(text) ?? parseDuration(text),
  ),
  v.minValue(0, "expected a duration of 0 or more"),
  v.safeInteger("expected a duration in whole milliseconds"),
);

const unlimited = v.pipe(
  v.literal("unlimited"),
  v.transform(() => Number.POSITIVE_INFINITY),
);

const size = readBy('a size such as "32 MiB" or a number of bytes', parseSize);

const countFrom1 = v.pipe(
  readBy("a whole number", plainNumber),
  v.safeInteger("expected a whole number"),
  v.minValue(1, "expected 1 or more"),
);

const countFrom0 = v.pipe(
  readBy("a whole number", plainNumber),
  v.safeInteger("expected a whole number"),
  v.minValue(0, "expected 0 or more"),
);

const attempts = v.union(
  [unlimited, countFrom1],
  'expected a whole number from 1 on, or "unlimited"',
);

const workers = v.union(
  [
    v.pipe(
      v.literal("auto"),
      v.transform(() => undefined),
    ),
    v.pipe(countFrom1, v.maxValue(partitionCount)),
  ],
  `expected a whole number from 1 to ${String(partitionCount)}, or "auto"`,
);

const durationMax = v.union(
  [unlimited, duration],
  'expected a duration such as "30d", or "unlimited"',
);

const levels = `expected one of ${logLevels.join(", ")}`;
const logLevel = v.pipe(v.string(levels), v.toLowerCase(), v.picklist(logLevels, levels));

const address = readBy(
  'HOST:PORT such as "127.0.0.1:8080", "[::1]:8080" or "0.0.0.0:8080"; port 0 is any free one',
  parseAddress,
);

const allowedHosts: v.GenericSchema<unknown, readonly AllowedHost[]> = listOf(
  'hosts such as "orders.internal", "*.svc.cluster.local", "10.0.0.0/8" or "::1", or "any"',
  "any",
  parseAllowedHost,
);

const hostNames: v.GenericSchema<unknown, readonly string[]> = listOf(
  'names of hosts such as "perdure.internal", "any", or "none"',
  "none",
  (text) => (text === "any" ? "*" : /^[a-z0-9._-]+$/i.test(text) ? text.toLowerCase() : undefined),
);

const headerNames: v.GenericSchema<unknown, readonly string[]> = listOf(
  'names of headers such as "authorization" or "x-*-token", or "none"',
  "none",
  (text) => (/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(text) ? text.toLowerCase() : undefined),
);

const retryPolicy: v.GenericSchema<unknown, RetryPolicy> = v.pipe(
  v.object({
    initialInterval: duration,
    exponentiationFactor: v.pipe(
      readBy("a number such as 2 or 1.5", plainNumber),
      v.minValue(1, "expected 1 or more"),
    ),
    maxInterval: duration,
    maxAttempts: attempts,
    onMaxAttempts: v.picklist(["pause", "kill"], 'expected "pause" or "kill"'),
  }),
  v.transform(({ initialInterval, maxInterval, ...rest }) => ({
    initialIntervalMs: initialInterval,
    maxIntervalMs: maxInterval,
    ...rest,
  })),
);

/** Members are named as in the file. */
const schema: v.GenericSchema<unknown, ServerConfig> = v.pipe(
  v.object({
    dataDir: v.pipe(v.string("expected a path"), v.nonEmpty("expected a path")),
    partitions: v.pipe(
      countFrom1,
      v.maxValue(partitionCount, `expected ${String(partitionCount)} or less`),
    ),
    workers,
    ingress: address,
    admin: address,
    logLevel,
    bodyBytesMax: atLeast(1),
    checkpointBytes: atLeast(1024),
    journalRetention: duration,
    idempotencyRetention: duration,
    workflowRetention: duration,
    maxJournalRetention: durationMax,
    maxIdempotencyRetention: durationMax,
    maxWorkflowRetention: durationMax,
    inactivityTimeout: duration,
    abortTimeout: duration,
    retryPolicy,
    maxRetryAttempts: attempts,
    concurrency: countFrom1,
    attemptBytesMax: atLeast(1024),
    attemptsBytesMax: atLeast(1024),
    eagerStateBytesMax: atLeast(0),
    ingressRequestsMax: countFrom0,
    adminRequestsMax: countFrom0,
    allowDeployments: allowedHosts,
    adminHosts: hostNames,
    redactedHeaders: headerNames,
    ingressConnectionsMax: countFrom0,
    adminConnectionsMax: countFrom0,
    submissionsBytesMax: atLeast(1024),
    requestIdentityKeyFile: v.pipe(
      v.string('expected a path, or "none"'),
      v.transform((file) => (file === "none" ? "" : file)),
    ),
  }),
  v.transform(
    ({
      journalRetention,
      idempotencyRetention,
      workflowRetention,
      maxJournalRetention,
      maxIdempotencyRetention,
      maxWorkflowRetention,
      inactivityTimeout,
      abortTimeout,
      ...rest
    }) => ({
      retention: {
        journalMs: journalRetention,
        idempotencyMs: idempotencyRetention,
        workflowMs: workflowRetention,
        journalMaxMs: maxJournalRetention,
        idempotencyMaxMs: maxIdempotencyRetention,
        workflowMaxMs: maxWorkflowRetention,
      },
      inactivityTimeoutMs: inactivityTimeout,
      abortTimeoutMs: abortTimeout,
      ...rest,
    }),
  ),
);

export type ParsedConfig =
  | { readonly kind: "config"; readonly config: ServerConfig }
  | { readonly kind: "issue"; readonly path: string; readonly message: string };

/**
 * Checks all values; the first that is not as it should be is the issue.
 * @param raw  an object like the file, with every key
 */
export function parseConfig(raw: unknown): ParsedConfig {
  const result = v.safeParse(schema, raw, { abortEarly: true });
  if (result.success) return { kind: "config", config: result.output };
  const [issue] = result.issues;
  return { kind: "issue", path: v.getDotPath(issue) ?? "", message: issue.message };
}

/** A number as it is, or text that `parse` understands. */
function readBy<T>(
  expected: string,
  parse: (text: string) => T | undefined,
): v.GenericSchema<unknown, T> {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, T>(({ dataset, addIssue, NEVER }) => {
      const { value } = dataset;
      const isReadable = typeof value === "string" || typeof value === "number";
      const result = isReadable ? parse(String(value).trim()) : undefined;
      if (result !== undefined) return result;
      addIssue({ message: `expected ${expected}` });
      return NEVER;
    }),
  );
}

/**
 * Text with commas, or an array of text.
 * @param nothing  the word that stands for the empty list
 */
function listOf<T>(
  expected: string,
  nothing: string,
  parse: (text: string) => T | undefined,
): v.GenericSchema<unknown, readonly T[]> {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, readonly T[]>(({ dataset, addIssue, NEVER }) => {
      const { value } = dataset;
      const texts: readonly unknown[] =
        typeof value === "string" ? value.split(",") : asArray(value);
      if (texts.length === 1 && String(texts[0]).trim() === nothing) return [];
      const items = texts.map((text) =>
        typeof text === "string" ? parse(text.trim()) : undefined,
      );
      const good = items.filter((item) => item !== undefined);
      if (good.length === items.length && good.length > 0) return good;
      addIssue({ message: `expected ${expected}` });
      return NEVER;
    }),
  );
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function atLeast(bytes: number): v.GenericSchema<unknown, number> {
  return v.pipe(size, v.safeInteger(), v.minValue(bytes, `expected ${bytes} bytes or more`));
}

function plainNumber(text: string): number | undefined {
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

const unitBytes: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
};

function parseSize(text: string): number | undefined {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text) ?? [];
  const bytes = unitBytes[unit.toLowerCase()];
  return amount === undefined || bytes === undefined
    ? undefined
    : Math.round(Number(amount) * bytes);
}

function parseAddress(text: string): ListenAddress | undefined {
  const [, ipv6, name, port] = /^(?:\[([0-9a-f:.]+)\]|([^\s:/[\]]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = ipv6 ?? name;
  return host === undefined || Number(port) > 65_535 ? undefined : { host, port: Number(port) };
}
