import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { ConfigError } from "./config-error.js";
import { configKeys, foreignPrefixes, foreignVariables } from "./config-keys.js";
import { loadConfig, type ConfigSources } from "./load-config.js";
import type { ServerConfig } from "./server-config.js";

/** An empty directory, removed after the test. */
function directory(files: Readonly<Record<string, unknown>> = {}): string {
  const cwd = mkdtempSync(path.join(tmpdir(), "perdure-config-"));
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(
      path.join(cwd, name),
      typeof content === "string" ? content : JSON.stringify(content),
    );
  }
  return cwd;
}

function withFile(content: unknown): ConfigSources {
  return { cwd: directory({ "perdure.config.json": content }) };
}

function errorOf(sources: ConfigSources): ConfigError {
  try {
    loadConfig({ cwd: directory(), ...sources });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  return expect.fail("expected a ConfigError");
}

/** Without the padding that the formatter gives to tables. */
const page = readFileSync(
  new URL("../../../docs/configuration.md", import.meta.url),
  "utf8",
).replace(/ +/g, " ");

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

describe("without any setting", () => {
  test("the defaults hold", () => {
    const cwd = directory();

    expect(loadConfig({ cwd })).toEqual({
      dataDir: path.join(cwd, "perdure-data"),
      partitions: 64,
      workers: undefined,
      ingress: { host: "127.0.0.1", port: 8080 },
      admin: { host: "127.0.0.1", port: 9070 },
      logLevel: "info",
      bodyBytesMax: 32 * 1024 * 1024,
      ingressRequestsMax: 20_000,
      adminRequestsMax: 0,
      ingressConnectionsMax: 10_000,
      adminConnectionsMax: 1_000,
      submissionsBytesMax: 512 * 1024 * 1024,
      checkpointBytes: 8 * 1024 * 1024,
      retention: {
        journalMs: dayMs,
        idempotencyMs: dayMs,
        workflowMs: dayMs,
        journalMaxMs: Infinity,
        idempotencyMaxMs: Infinity,
        workflowMaxMs: Infinity,
      },
      inactivityTimeoutMs: minuteMs,
      abortTimeoutMs: 10 * minuteMs,
      retryPolicy: {
        initialIntervalMs: 500,
        exponentiationFactor: 2,
        maxIntervalMs: minuteMs,
        maxAttempts: 70,
        onMaxAttempts: "pause",
      },
      maxRetryAttempts: Infinity,
      concurrency: 1000,
      attemptBytesMax: 256 * 1024 * 1024,
      attemptsBytesMax: 1.5 * 1024 * 1024 * 1024,
      eagerStateBytesMax: 64 * 1024,
      allowDeployments: [],
      adminHosts: [],
      redactedHeaders: [
        "authorization",
        "*-authorization",
        "cookie",
        "set-cookie",
        "*api-key*",
        "*token*",
        "*secret*",
        "*password*",
      ],
      requestIdentityKeyFile: "",
    } satisfies ServerConfig);
  });
});

/** For every key: a value as text, and what it becomes. */
const examples: Readonly<Record<string, readonly [string, unknown]>> = {
  dataDir: ["/var/lib/perdure", path.resolve("/var/lib/perdure")],
  partitions: ["1", 1],
  workers: ["4", 4],
  ingress: ["0.0.0.0:80", { host: "0.0.0.0", port: 80 }],
  admin: ["[::1]:0", { host: "::1", port: 0 }],
  logLevel: ["WARN", "warn"],
  bodyBytesMax: ["1.5 KiB", 1536],
  ingressRequestsMax: ["100", 100],
  adminRequestsMax: ["0", 0],
  ingressConnectionsMax: ["5000", 5_000],
  adminConnectionsMax: ["0", 0],
  submissionsBytesMax: ["64 MiB", 64 * 1024 * 1024],
  checkpointBytes: ["2MB", 2_000_000],
  journalRetention: ["0", 0],
  idempotencyRetention: ["2d", 2 * dayMs],
  workflowRetention: ["1h 30m", 90 * minuteMs],
  maxJournalRetention: ["30d", 30 * dayMs],
  maxIdempotencyRetention: ["unlimited", Infinity],
  maxWorkflowRetention: ["1h", 60 * minuteMs],
  inactivityTimeout: ["5 s", 5_000],
  abortTimeout: ["PT2M", 2 * minuteMs],
  "retryPolicy.initialInterval": ["10ms", 10],
  "retryPolicy.exponentiationFactor": ["1.5", 1.5],
  "retryPolicy.maxInterval": ["250", 250],
  "retryPolicy.maxAttempts": ["unlimited", Number.POSITIVE_INFINITY],
  "retryPolicy.onMaxAttempts": ["kill", "kill"],
  maxRetryAttempts: ["5", 5],
  concurrency: ["7", 7],
  attemptBytesMax: ["256 KiB", 256 * 1024],
  attemptsBytesMax: ["1 MiB", 1024 * 1024],
  eagerStateBytesMax: ["0", 0],
  allowDeployments: [
    "Orders.internal, *.svc.local, 10.0.0.0/8, ::1",
    [
      { kind: "name", name: "orders.internal" },
      { kind: "below", suffix: ".svc.local" },
      { kind: "network", address: "10.0.0.0", prefixBits: 8, family: "ipv4" },
      { kind: "network", address: "::1", prefixBits: 128, family: "ipv6" },
    ],
  ],
  adminHosts: ["Perdure.internal", ["perdure.internal"]],
  redactedHeaders: ["X-Mine, x-*-key", ["x-mine", "x-*-key"]],
  requestIdentityKeyFile: ["/etc/perdure/key.pem", path.resolve("/etc/perdure/key.pem")],
};

/** The setting as the server has it. */
function valueAt(config: ServerConfig, key: string): unknown {
  const { retention, retryPolicy, inactivityTimeoutMs, abortTimeoutMs, ...rest } = config;
  const values: Record<string, unknown> = {
    ...rest,
    journalRetention: retention.journalMs,
    idempotencyRetention: retention.idempotencyMs,
    maxJournalRetention: retention.journalMaxMs,
    maxIdempotencyRetention: retention.idempotencyMaxMs,
    maxWorkflowRetention: retention.workflowMaxMs,
    workflowRetention: retention.workflowMs,
    inactivityTimeout: inactivityTimeoutMs,
    abortTimeout: abortTimeoutMs,
    "retryPolicy.initialInterval": retryPolicy.initialIntervalMs,
    "retryPolicy.exponentiationFactor": retryPolicy.exponentiationFactor,
    "retryPolicy.maxInterval": retryPolicy.maxIntervalMs,
    "retryPolicy.maxAttempts": retryPolicy.maxAttempts,
    "retryPolicy.onMaxAttempts": retryPolicy.onMaxAttempts,
  };
  return values[key];
}

function inFile(key: string, value: unknown): object {
  const [outer = "", inner] = key.split(".");
  return { [outer]: inner === undefined ? value : { [inner]: value } };
}

describe("every key", () => {
  test("has an example here", () => {
    expect(Object.keys(examples)).toEqual(configKeys.map((key) => key.path));
  });

  test.each(configKeys)("$path can be set in the file", ({ path: key }) => {
    const [text, expected] = examples[key] ?? ["", undefined];

    const config = loadConfig(withFile(inFile(key, text)));

    expect(valueAt(config, key)).toEqual(expected);
  });

  test.each(configKeys)("$path can be set by $env", ({ path: key, env }) => {
    const [text, expected] = examples[key] ?? ["", undefined];

    const config = loadConfig({ cwd: directory(), env: { [env]: text } });

    expect(valueAt(config, key)).toEqual(expected);
  });

  test.each(configKeys)("$path can be set by --$flag", ({ path: key, flag }) => {
    const [text, expected] = examples[key] ?? ["", undefined];

    const config = loadConfig({ cwd: directory(), flags: { [flag]: text } });

    expect(valueAt(config, key)).toEqual(expected);
  });

  test.each(configKeys)("$path stands in docs/configuration.md, with its default", (key) => {
    const row = `| \`${key.path}\` | \`${key.env}\` | \`--${key.flag}\` | \`${key.default}\` |`;

    expect(page).toContain(row);
  });

  test("of the page is one of these, and so is every variable", () => {
    const variables = ["PERDURE_", ...configKeys.map((key) => key.env), ...foreignVariables];

    const keys = [...page.matchAll(/^\| `([a-z]\w*(?:\.\w+)?)` \|/gm)].map(([, key]) => key);
    const named = [...page.matchAll(/`(PERDURE_[A-Z_]*)`/g)].map(([, name]) => name ?? "");

    expect(keys).toEqual(configKeys.map((key) => key.path));
    expect(named.filter((name) => !variables.includes(name))).toEqual([]);
    for (const prefix of foreignPrefixes) expect(page).toContain(`\`${prefix}…\``);
  });
});

describe("names", () => {
  test.each([
    ["dataDir", "PERDURE_DATA_DIR", "data-dir"],
    ["logLevel", "PERDURE_LOG", "log"],
    ["retryPolicy.maxAttempts", "PERDURE_RETRY_POLICY_MAX_ATTEMPTS", "retry-policy-max-attempts"],
  ])("of %s are %s and --%s", (key, env, flag) => {
    expect(configKeys).toContainEqual(expect.objectContaining({ path: key, env, flag }));
  });
});

describe("the later source wins", () => {
  test("key by key", () => {
    const sources = {
      ...withFile({
        ingress: "h:1",
        admin: "h:2",
        concurrency: 3,
        retryPolicy: { maxAttempts: 4, initialInterval: "1s" },
      }),
      env: {
        PERDURE_ADMIN: "h:20",
        PERDURE_CONCURRENCY: "30",
        PERDURE_RETRY_POLICY_MAX_ATTEMPTS: "40",
      },
      flags: { concurrency: "300" },
    };

    expect(loadConfig(sources)).toMatchObject({
      ingress: { host: "h", port: 1 },
      admin: { host: "h", port: 20 },
      concurrency: 300,
      retryPolicy: { maxAttempts: 40, initialIntervalMs: 1_000, onMaxAttempts: "pause" },
    });
  });

  test("and a variable that is set to nothing is not set", () => {
    const sources = { ...withFile({ concurrency: 3 }), env: { PERDURE_CONCURRENCY: "" } };

    expect(loadConfig(sources).concurrency).toBe(3);
  });
});

describe("the file", () => {
  test("may be another, and the default one is then not read", () => {
    const cwd = directory({
      "perdure.config.json": { concurrency: 1, ingress: "h:1" },
      "other.json": { concurrency: 2 },
    });

    const config = loadConfig({ cwd, flags: { config: "other.json" } });

    expect(config).toMatchObject({ concurrency: 2, ingress: { port: 8080 } });
  });

  test("may begin with a byte order mark", () => {
    expect(loadConfig(withFile('\uFEFF{"concurrency": 2}')).concurrency).toBe(2);
  });

  test("takes a nested key with a dot as well", () => {
    expect(loadConfig(withFile({ "retryPolicy.maxAttempts": 3 })).retryPolicy.maxAttempts).toBe(3);
  });

  test("leaves relative paths to the working directory", () => {
    const cwd = directory();
    mkdirSync(path.join(cwd, "etc"));
    writeFileSync(path.join(cwd, "etc", "perdure.json"), '{"dataDir": "data"}');

    const config = loadConfig({ cwd, flags: { config: "etc/perdure.json" } });

    expect(config.dataDir).toBe(path.join(cwd, "data"));
  });

  test("has to be there when a flag names it", () => {
    const error = errorOf({ flags: { config: "missing.json" } });

    expect(error.code).toBe("PDR5101");
    expect(error.message).toMatch(/missing\.json: there is no such file\. Correct --config/);
  });

  test("has to be readable", () => {
    const cwd = directory();
    mkdirSync(path.join(cwd, "perdure.config.json"));

    expect(errorOf({ cwd })).toMatchObject({
      code: "PDR5101",
      message: expect.stringContaining("EISDIR"),
    });
  });

  test.each(["", "{", "[]", "null", '"x"', "{'a': 1}"])(
    "has to be a JSON object, not %j",
    (text) => {
      expect(errorOf(withFile(text))).toMatchObject({
        code: "PDR5102",
        message: expect.stringContaining("perdure.config.json"),
      });
    },
  );
});

describe("an unknown name", () => {
  test.each<[string, () => ConfigSources, string, string]>([
    ["key", () => withFile({ ingres: "h:1" }), 'key "ingres" in', '"ingress"'],
    ["key in another case", () => withFile({ datadir: "x" }), 'key "datadir" in', '"dataDir"'],
    [
      "nested key",
      () => withFile({ retryPolicy: { maxAttempt: 3 } }),
      'key "retryPolicy.maxAttempt" in',
      '"retryPolicy.maxAttempts"',
    ],
    [
      "nested key written with a dot",
      () => withFile({ "retryPolicy.maxAttempt": 1 }),
      'key "retryPolicy.maxAttempt" in',
      '"retryPolicy.maxAttempts"',
    ],
    ["key of every object", () => withFile('{"__proto__": 1}'), 'key "__proto__" in', '"'],
    [
      "variable",
      () => ({ env: { PERDURE_DATADIR: "x" } }),
      "environment variable PERDURE_DATADIR",
      "PERDURE_DATA_DIR",
    ],
    [
      "variable for the log",
      () => ({ env: { PERDURE_LOG_LEVEL: "debug" } }),
      "environment variable PERDURE_LOG_LEVEL",
      "PERDURE_LOG",
    ],
    [
      "variable of others, misspelt",
      () => ({ env: { PERDURE_ADMIN_UR: "x" } }),
      "environment variable PERDURE_ADMIN_UR",
      "PERDURE_ADMIN_URL",
    ],
    ["flag", () => ({ flags: { "data-dri": "x" } }), "flag --data-dri", "--data-dir"],
  ])(
    "(%s) is an error that names it and the nearest known one",
    (_what, sources, named, nearest) => {
      const error = errorOf(sources());

      expect(error.code).toBe("PDR5103");
      expect(error.message).toContain(`unknown ${named}`);
      expect(error.message).toContain(`is ${nearest}`);
    },
  );

  test("is none when others read the variable", () => {
    const env = { PERDURE_LOGGING: "x", PERDURE_TEST_SEED: "1", PATH: "x", perdure_x: "1" };

    expect(loadConfig({ cwd: directory(), env }).concurrency).toBe(1000);
  });
});

describe("a wrong value", () => {
  test.each<[string, unknown]>([
    ["dataDir", 5],
    ["dataDir", ""],
    ["ingress", "8080"],
    ["ingress", "127.0.0.1"],
    ["ingress", "127.0.0.1:65536"],
    ["ingress", "::1:80"],
    ["ingress", "[localhost]:80"],
    ["ingress", "http://127.0.0.1:80"],
    ["ingress", null],
    ["logLevel", "loud"],
    ["bodyBytesMax", "0"],
    ["bodyBytesMax", "many"],
    ["bodyBytesMax", "1 TiB x"],
    ["checkpointBytes", 1],
    ["journalRetention", "-1"],
    ["journalRetention", "soon"],
    ["journalRetention", true],
    ["inactivityTimeout", {}],
    ["inactivityTimeout", "1.5"],
    ["retryPolicy.exponentiationFactor", 0.5],
    ["retryPolicy.exponentiationFactor", "two"],
    ["retryPolicy.maxAttempts", 0],
    ["retryPolicy.maxAttempts", 1.5],
    ["retryPolicy.maxAttempts", "infinite"],
    ["retryPolicy.onMaxAttempts", "stop"],
    ["concurrency", 0],
    ["concurrency", "1e3"],
    ["concurrency", [1]],
  ])("of %s (%j) is an error that names key, value, place and what is expected", (key, value) => {
    const error = errorOf(withFile(inFile(key, value)));

    expect(error.code).toBe("PDR5104");
    expect(error.message).toContain(`${key} is ${JSON.stringify(value)} in `);
    expect(error.message).toMatch(/perdure\.config\.json: expected \S/);
  });

  test("of the environment or a flag is told by its name there", () => {
    expect(errorOf({ env: { PERDURE_CONCURRENCY: "x" } }).message).toBe(
      'PDR5104: concurrency is "x" in the environment variable PERDURE_CONCURRENCY: expected a whole number',
    );
    expect(errorOf({ flags: { log: "x" } }).message).toContain('logLevel is "x" in the flag --log');
  });

  test("in the place of an object is an error", () => {
    const error = errorOf(withFile({ retryPolicy: 5 }));

    expect(error.code).toBe("PDR5104");
    expect(error.message).toContain('"retryPolicy" in');
    expect(error.message).toContain("initialInterval, exponentiationFactor");
  });

  test.each([
    ["127.0.0.1:1", "127.0.0.1:1"],
    ["0.0.0.0:1", "127.0.0.1:1"],
    ["127.0.0.1:1", "[::]:1"],
  ])("is one address for both ports: %s and %s", (ingress, admin) => {
    expect(errorOf({ flags: { ingress, admin } }).code).toBe("PDR5105");
  });

  test("is none where both ports may be any free one", () => {
    const flags = { ingress: "127.0.0.1:0", admin: "127.0.0.1:0" };

    expect(loadConfig({ cwd: directory(), flags }).ingress.port).toBe(0);
  });
});

test("whatever the file holds, the answer is a configuration or a ConfigError", () => {
  const cwd = directory();
  const file = path.join(cwd, "perdure.config.json");
  const names = configKeys.map((key) => key.path.split(".")[0] ?? "");

  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), fc.jsonValue()), (content) => {
      writeFileSync(file, JSON.stringify(content));
      try {
        loadConfig({ cwd });
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
      }
    }),
    { numRuns: 200 },
  );
});
