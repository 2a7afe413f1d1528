// Perdure, as a user starts it, with its defaults.
import { readFileSync } from "node:fs";
import { perdureBin } from "../paths.js";
import type { System } from "./system.js";

export const perdure: System = {
  name: "perdure",
  title: "Perdure",
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
    ],
    env: {},
  }),
  servicesEntry: "services/perdure",
  serverIsNode: true,
};
