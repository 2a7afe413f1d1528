// Every key of the configuration, as people name it: in the file, in the environment, as a flag.
// docs/configuration.md is the page for people; a test holds that it lists what is here.
//
// The rule of names: `retryPolicy.maxAttempts` in the file is PERDURE_RETRY_POLICY_MAX_ATTEMPTS in the
// environment and --retry-policy-max-attempts as a flag. `logLevel` alone is PERDURE_LOG and --log.

export interface ConfigKey {
  /** In the file; a dot leads into a nested object. */
  readonly path: string;
  readonly env: string;
  /** Without the two dashes. */
  readonly flag: string;
  /** What the value is, as help texts show it: DURATION. */
  readonly placeholder: string;
  /** As one would write it in the file. */
  readonly default: string | number;
  readonly about: string;
}

/** What usually carries credentials. */
const redactedByDefault =
  "authorization, *-authorization, cookie, set-cookie, *api-key*, *token*, *secret*, *password*";

export const configKeys: readonly ConfigKey[] = [
  key("dataDir", "DIR", "./perdure-data", "where everything is kept; made where it is missing"),
  key("partitions", "COUNT", 64, "partitions of a new data directory, 1 to 64; fixed from then on"),
  key(
    "workers",
    "COUNT",
    "auto",
    "processes that share the partitions; auto: as many as the data directory has, at first 1; another number moves them",
  ),
  key("ingress", "HOST:PORT", "127.0.0.1:8080", "where callers come in"),
  key("admin", "HOST:PORT", "127.0.0.1:9070", "where operators come in"),
  key("logLevel", "LEVEL", "info", "what is logged: trace, debug, info, warn or error", "log"),
  key("bodyBytesMax", "SIZE", "32 MiB", "largest body of a request, and largest recorded value"),
  key(
    "ingressRequestsMax",
    "COUNT",
    20000,
    "requests that the ingress serves at once; 0: no limit",
  ),
  key("adminRequestsMax", "COUNT", 0, "requests that the admin port serves at once; 0: no limit"),
  key(
    "ingressConnectionsMax",
    "COUNT",
    10000,
    "connections to the ingress; 0: as many as possible",
  ),
  key(
    "adminConnectionsMax",
    "COUNT",
    1000,
    "connections to the admin port; 0: as many as possible",
  ),
  key("submissionsBytesMax", "SIZE", "512 MiB", "submissions that wait to be stored; more: 429"),
  key("checkpointBytes", "SIZE", "8 MiB", "changes held in memory before they go to the tables"),
  key("journalRetention", "DURATION", "24h", "how long a finished journal is kept"),
  key("idempotencyRetention", "DURATION", "24h", "how long an idempotency key is remembered"),
  key("workflowRetention", "DURATION", "24h", "how long a finished workflow and its key are kept"),
  key("maxJournalRetention", "DURATION", "unlimited", "the most that services may ask for"),
  key("maxIdempotencyRetention", "DURATION", "unlimited", "the most that services may ask for"),
  key("maxWorkflowRetention", "DURATION", "unlimited", "the most that services may ask for"),
  key("inactivityTimeout", "DURATION", "1m", "how long an attempt may wait before it is suspended"),
  key(
    "abortTimeout",
    "DURATION",
    "10m",
    "how much longer a silent attempt may compute; then it fails",
  ),
  key("retryPolicy.initialInterval", "DURATION", "500ms", "wait before the first retry"),
  key("retryPolicy.exponentiationFactor", "FACTOR", 2, "what each further wait is multiplied by"),
  key("retryPolicy.maxInterval", "DURATION", "1m", "longest wait between two attempts"),
  key("retryPolicy.maxAttempts", "COUNT", 70, "attempts, the first included, or unlimited"),
  key("retryPolicy.onMaxAttempts", "ACTION", "pause", "what then happens: pause or kill"),
  key("maxRetryAttempts", "COUNT", "unlimited", "the most attempts that services may ask for"),
  key("concurrency", "COUNT", 1000, "attempts that compute at the same time"),
  key("attemptBytesMax", "SIZE", "256 MiB", "journal and state of one attempt; beyond it pauses"),
  key("attemptsBytesMax", "SIZE", "1.5 GiB", "journals and states of all attempts together"),
  key("eagerStateBytesMax", "SIZE", "64 KiB", "state sent along with an attempt; 0: none"),
  key("allowDeployments", "HOSTS", "any", "where deployments may be: names, *.names, networks"),
  key("adminHosts", "NAMES", "none", "names that the admin port may be called by"),
  key("redactedHeaders", "NAMES", redactedByDefault, "headers that the admin port does not show"),
  key(
    "requestIdentityKeyFile",
    "FILE",
    "none",
    "ed25519 key in PEM that signs requests to services",
  ),
];

/** The flag that names the file. */
export const configFileFlag = "config";

/** The file that is read where no flag names another and it is there. */
export const defaultConfigFile = "perdure.config.json";

/** Variables that others read: the command line's clients, services, tests, examples, benchmarks. */
export const foreignVariables: readonly string[] = [
  "PERDURE_ADMIN_URL",
  "PERDURE_CHROMIUM",
  "PERDURE_GRPCURL",
  "PERDURE_LOGGING",
];
export const foreignPrefixes: readonly string[] = [
  "PERDURE_TEST_",
  "PERDURE_DEMO_",
  "PERDURE_TOUR_",
  "PERDURE_BENCH_",
  "PERDURE_SIM_",
];

function key(
  path: string,
  placeholder: string,
  defaultValue: string | number,
  about: string,
  shortName?: string,
): ConfigKey {
  const words = (shortName ?? path).replace(/\./g, "-").replace(/[A-Z]/g, (letter) => `-${letter}`);
  const flag = words.toLowerCase();
  const env = `PERDURE_${flag.replace(/-/g, "_").toUpperCase()}`;
  return { path, env, flag, placeholder, default: defaultValue, about };
}
