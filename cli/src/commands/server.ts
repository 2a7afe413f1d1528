// perdure server: the flags of the configuration, and the server in this very process.

import {
  configFileFlag,
  configKeys,
  defaultConfigFile,
  loadConfig,
  unknownFlag,
} from "@perdure/server/config";
import type { Command, CommanderError } from "commander";
import type { CliIo } from "../cli-io.js";
import { runServer } from "../run-server.js";

/** @param exit  told the exit status when the server has ended */
export function addServer(program: Command, io: CliIo, exit: (status: number) => void): void {
  const command = program
    .command("server")
    .description("run a server")
    .exitOverride(refuseUnknownFlag)
    .option(
      `--${configFileFlag} <file>`,
      `the configuration file (default: ${defaultConfigFile}, where there is one)`,
    );
  for (const { flag, placeholder, about, default: defaultValue } of configKeys) {
    command.option(
      `--${flag} <${placeholder.toLowerCase()}>`,
      `${about} (default: ${defaultValue})`,
    );
  }
  command.addHelpText("after", "\nEach can also be set in the file and in the environment.");
  command.action(async () => {
    const flags = Object.fromEntries(
      command.options.map((option): [string, string | undefined] => [
        option.name(),
        command.getOptionValue(option.attributeName()) as string | undefined,
      ]),
    );
    const config = loadConfig({ flags, env: io.env, cwd: io.cwd });
    // Loaded here, so that the other commands start without the engine.
    const { startServer } = await import("@perdure/server");
    const now = (): number => performance.now();
    exit(await runServer(config, { start: startServer, io, signals: process, now }));
  });
}

/** A flag is a setting: a misspelt one is told as in the file and in the environment. */
function refuseUnknownFlag(error: CommanderError): never {
  const [, name] = /unknown option '--([^'=]+)/.exec(error.message) ?? [];
  if (error.code === "commander.unknownOption" && name !== undefined) throw unknownFlag(name);
  throw error;
}
