// Flags that every command has which asks an admin port.

import type { Command } from "commander";
import { defaultAdminUrl } from "./admin-connection.js";

export interface AdminFlags {
  readonly adminUrl?: string;
  readonly json?: boolean;
}

export function withAdminFlags(command: Command): Command {
  return command
    .option(
      "--admin-url <url>",
      `the server's admin port (default: PERDURE_ADMIN_URL, else ${defaultAdminUrl})`,
    )
    .option("--json", "print the answer as JSON");
}

export function jsonText(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}
