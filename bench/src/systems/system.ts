// What the benchmark knows of a system under test: how its server and its service process are
// started. Everything else (registration, readiness, load) goes over HTTP paths that all of them answer.

export interface Addresses {
  readonly ingressPort: number;
  readonly adminPort: number;
  /** For systems whose nodes talk to each other; unused by the others. */
  readonly nodePort: number;
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to an environment that holds no setting of any of the systems. */
  readonly env: Readonly<Record<string, string>>;
}

export interface System {
  /** As the command line names it. */
  readonly name: string;
  /** As tables name it. */
  readonly title: string;
  /** Version of the server, and of the SDK where it differs. */
  version(): string;
  /** The server; its process must be the one that is measured, not a wrapper. */
  serverCommand(dataDirectory: string, addresses: Addresses): Command;
  /** Compiled entry of the service process, below `src`; it gets its port as argument. */
  readonly servicesEntry: string;
  /** Whether the server is a Node process, for CPU profiles. */
  readonly serverIsNode: boolean;
}
