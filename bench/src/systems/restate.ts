// The peer: the Restate server that npm installs, with its defaults, or with as many partitions as a
// machine of two cores likes best. Only addresses, data directory, colours of the log and telemetry are set besides.
// The package's own command is a wrapper that starts this binary; it is started directly so that
// the measured process is the server.
import { createRequire } from "node:module";
import type { System } from "./system.js";

const require = createRequire(import.meta.url);

export const restate: System = restateWith("restate", "Restate", {});

/** Two partitions instead of 24. */
export const restateTuned: System = restateWith("restate-tuned", "Restate, 2 partitions", {
  RESTATE_DEFAULT_NUM_PARTITIONS: "2",
});

function restateWith(name: string, title: string, settings: Record<string, string>): System {
  return {
    name,
    title,
    version: () => `${packageVersion("restate-server")} (SDK ${packageVersion("restate-sdk")})`,
    serverCommand: (dataDirectory, addresses) => ({
      command: serverBinary(),
      args: ["--no-logo"],
      env: {
        RESTATE_BASE_DIR: dataDirectory,
        RESTATE_NODE_NAME: "bench",
        RESTATE_DISABLE_TELEMETRY: "true",
        RESTATE_LISTEN_MODE: "tcp",
        RESTATE_LOG_DISABLE_ANSI_CODES: "true",
        RESTATE_BIND_ADDRESS: `127.0.0.1:${addresses.nodePort}`,
        RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${addresses.nodePort}/`,
        RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${addresses.ingressPort}`,
        RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${addresses.adminPort}`,
        ...settings,
      },
    }),
    servicesEntry: "services/restate",
    serverIsNode: false,
  };
}

function packageVersion(name: string): string {
  return (require(`@restatedev/${name}/package.json`) as { version: string }).version;
}

function serverBinary(): string {
  const target = `${process.platform}-${process.arch}`;
  try {
    return require.resolve(`@restatedev/restate-server-${target}/bin/restate-server`);
  } catch (cause) {
    throw new Error(`@restatedev/restate-server has no binary for ${target}`, { cause });
  }
}
