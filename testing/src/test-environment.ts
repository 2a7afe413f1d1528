// A real server and real services, in this process, for as long as a test lasts. Nothing is simulated but the
// clock: what holds here holds in production. Several environments may live side by side.

import { connect, type Ingress, type JournalValueCodec } from "@perdure/clients";
import type { JournalExport } from "@perdure/proto/admin/v1/journal_export";
import type { Duration } from "@perdure/protocol/duration";
import type { Definable, DefinableAs, ServiceName } from "@perdure/protocol/definitions";
import { serve, type Listening, type ServeOptions } from "@perdure/sdk";
import { startServer, type Server, type ServerConfig } from "@perdure/server";
import { loadConfig } from "@perdure/server/config";
import { errorMessage } from "@perdure/protocol/error-message";
import { reasonOf } from "./admin-error.js";
import { temporaryDirectory, type Storage } from "./data-directory.js";
import { TestingError, TestingErrorCode } from "./errors.js";
import { exportJournal } from "./replay/export-journal.js";
import { Requests } from "./requests.js";
import { createStateOf, type StateOf, type StateShape } from "./state.js";
import { TestClock } from "./test-clock.js";
import { TestTime, type AdvanceOptions } from "./test-time.js";

export interface TestEnvironmentOptions {
  /** Decorated classes and definitions. */
  readonly services: readonly Definable[];
  /** Handlers are suspended and replayed at every await, which shows code that is not deterministic. Default false. */
  readonly alwaysReplay?: boolean;
  /** The first failed attempt ends an invocation, unless its handler or service has a retry policy. Default false. */
  readonly disableRetries?: boolean;
  /** Where the server's data lies: "memory" where the system has a file system in memory, else on disk. Default "memory". */
  readonly storage?: Storage;
  /**
   * Configuration of the server. Data in a `dataDir` of your own is kept. Its one worker is the process of the test: that of
   * another would have a clock of its own.
   */
  readonly config?: Partial<Omit<ServerConfig, "workers">>;
  /** What `perdure codegen` wrote of the services: `manifest` of its manifest.ts. Default: none. */
  readonly manifest?: ServeOptions["manifest"];
  /** Further options of the services' endpoint. */
  readonly endpoint?: Omit<ServeOptions, "services" | "port" | "host">;
}

interface Parts {
  readonly server: Server;
  readonly requests: Requests;
  readonly time: TestTime;
  readonly fatal: () => TestingError | undefined;
  readonly dataDir: string;
  /** What all values pass, where the endpoint has a codec. */
  readonly codec: JournalValueCodec | undefined;
  /** In the order in which they were opened. */
  readonly closing: readonly (() => Promise<void> | void)[];
}

const anyPort = { host: "127.0.0.1", port: 0 };

export class TestEnvironment implements AsyncDisposable {
  /** A client of the ingress. */
  readonly client: Ingress;
  /** The server's clock. */
  readonly time: TestTime;
  readonly #parts: Parts;
  #stopping: Promise<void> | undefined;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.time = parts.time;
    const { fetch } = parts.requests;
    this.client = connect({
      url: parts.server.ingressUrl,
      fetch,
      journalValueCodec: parts.codec,
    });
  }

  /**
   * Starts a server and the services, and registers them.
   * @throws TestingError     PDR5401: the server does not take the services
   * @throws DefinitionError  a value is no service, or two have one name
   * @throws ManifestError    the manifest is none, or not that of the code
   */
  static async start(options: TestEnvironmentOptions): Promise<TestEnvironment> {
    const closing: (() => Promise<void> | void)[] = [];
    try {
      return new TestEnvironment(await open(options, closing));
    } catch (error) {
      await closeAll(closing);
      throw error;
    }
  }

  /** Where callers come in: `http://127.0.0.1:…`. */
  baseUrl(): string {
    return this.#parts.server.ingressUrl;
  }

  /** Where the server's data lies. */
  get dataDirectory(): string {
    return this.#parts.dataDir;
  }

  /** Where operators come in: `http://127.0.0.1:…`. */
  adminAPIBaseUrl(): string {
    return this.#parts.server.adminUrl;
  }

  /**
   * State of a virtual object or a workflow. Written behind the exclusive handlers of the key that run or wait.
   * Its type is what the handlers' contexts declare, or the type argument.
   */
  stateOf<D extends DefinableAs<"object" | "workflow">>(
    definition: D,
    key: string,
  ): StateOf<StateShape<D>>;
  stateOf<S extends object>(definition: Definable | ServiceName, key: string): StateOf<S>;
  stateOf(definition: Definable | ServiceName, key: string): unknown {
    const { server, codec } = this.#parts;
    return createStateOf({ operators: server.operators, codec }, definition, key);
  }

  /**
   * The journal of an invocation as the admin port exports it, for `replay`. It is kept for a day after the end of
   * the invocation, as the server's and the handler's `journalRetention` say.
   * @param of  an invocation id, or what a send returned
   * @throws TestingError  PDR5405: there is none
   */
  async journalOf(of: string | { readonly invocationId: string }): Promise<JournalExport> {
    const id = typeof of === "string" ? of : of.invocationId;
    return exportJournal(this.#parts.server.adminUrl, id);
  }

  /** Lets time pass: {@link TestTime.advance}. */
  advance(duration: Duration, options?: AdvanceOptions): Promise<void> {
    return this.time.advance(duration, options);
  }

  /**
   * Stops services and server, and removes the data. Calls that still wait for a result fail.
   * @throws TestingError  PDR5404: the server had to stop itself while the test ran
   */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    const { closing, fatal } = this.#parts;
    try {
      await closeAll(closing);
    } catch (error) {
      // What can't be closed any more is not what went wrong.
      throw fatal() ?? error;
    }
    const error = fatal();
    if (error !== undefined) throw error;
  }
}

async function open(
  options: TestEnvironmentOptions,
  closing: (() => Promise<void> | void)[],
): Promise<Parts> {
  const clock = new TestClock();
  let fatal: TestingError | undefined;
  const sending: { requests?: Requests } = {};
  const onFatal = (error: unknown): void => {
    fatal ??= serverFailed(error);
    sending.requests?.stop(fatal);
  };
  const config = configOf(options, closing);
  const startServices = async (): Promise<Listening> => {
    const { services, manifest, endpoint } = options;
    const listening = await serve({
      now: () => clock.now(),
      ...(manifest === undefined ? {} : { manifest }),
      ...endpoint,
      services,
      port: 0,
      host: anyPort.host,
    });
    closing.push(() => listening.close());
    return listening;
  };
  // Services first: definitions that can't be used fail before anything is opened.
  const services = await startServices();
  const server = await startServer(config, { onFatal, clock });
  closing.push(() => server.close());
  const sent = new Requests(server.ingressUrl);
  sending.requests = sent;
  closing.push(() => {
    sent.stop();
  });
  await register(server.adminUrl, services.port);
  const time = new TestTime(clock, server, sent);
  const codec = await options.endpoint?.journalValueCodecProvider?.();
  const { dataDir } = config;
  return { server, requests: sent, time, fatal: () => fatal, codec, dataDir, closing };
}

function configOf(
  { alwaysReplay, disableRetries, storage = "memory", config = {} }: TestEnvironmentOptions,
  closing: (() => Promise<void> | void)[],
): ServerConfig {
  const defaults = loadConfig();
  let { dataDir } = config;
  if (dataDir === undefined) {
    const directory = temporaryDirectory(storage);
    closing.push(directory.remove);
    dataDir = directory.path;
  }
  return {
    ...defaults,
    logLevel: "warn",
    ...(alwaysReplay === true && { inactivityTimeoutMs: 0 }),
    ...(disableRetries === true && {
      retryPolicy: { ...defaults.retryPolicy, maxAttempts: 1, onMaxAttempts: "kill" },
    }),
    ingress: anyPort,
    admin: anyPort,
    // Journals are exported to be replayed: with all that their handlers have seen.
    redactedHeaders: [],
    ...config,
    dataDir,
  };
}

async function register(adminUrl: string, port: number): Promise<void> {
  const response = await fetch(`${adminUrl}/deployments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ uri: `http://${anyPort.host}:${String(port)}` }),
  });
  const text = await response.text();
  if (response.ok) return;
  throw new TestingError(
    TestingErrorCode.notRegistered,
    `the services of the test environment can't be registered: ${reasonOf(text)}`,
  );
}

/** In reverse order; one that fails does not keep the others open. */
async function closeAll(closing: readonly (() => Promise<void> | void)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const close of [...closing].reverse()) {
    try {
      await close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

function serverFailed(error: unknown): TestingError {
  const reason = errorMessage(error);
  return new TestingError(
    TestingErrorCode.serverFailed,
    `the server of the test environment had to stop itself: ${reason}`,
  );
}
