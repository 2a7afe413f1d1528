// Perdure, as a user starts it: with its defaults, or with its partitions shared out among processes.
import { readFileSync } from "node:fs";
import { perdureBin } from "../paths.js";
import type { System } from "./system.js";

export const perdure: System = perdureWith("perdure", "Perdure", []);

export const perdureWorkers: System = perdureOf(2);

/** With its partitions shared out among so many processes. */
export function perdureOf(workers: number): System {
  const title = `Perdure, ${String(workers)} workers`;
  return perdureWith("perdure-workers", title, ["--workers", String(workers)]);
}

function perdureWith(name: string, title: string, flags: readonly string[]): System {
  return {
    name,
    title,
    version: () => {
      const manifest = new URL("../package.json", `file://${perdureBin}`);
      return (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version;
    },
    serverCommand: (dataDirectory, addresses) => ({
      command: process.execPath,
      args: [
        perdureBin,
        "server",
        "--data-dir",
        dataDirectory,
        "--ingress",
        `127.0.0.1:${addresses.ingressPort}`,
        "--admin",
        `127.0.0.1:${addresses.adminPort}`,
        ...flags,
      ],
      env: {},
    }),
    servicesEntry: "services/perdure",
    serverIsNode: true,
  };
}
