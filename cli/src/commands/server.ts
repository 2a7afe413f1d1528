// perdure server: the flags of the configuration, and the server in this very process.

import {
  configFileFlag,
  configKeys,
  defaultConfigFile,
  loadConfig,
  unknownFlag,
} from "@perdure/server/config";
import type { Command, CommanderError } from "commander";
import { CliError, CliErrorCode } from "../cli-error.js";
import type { CliIo } from "../cli-io.js";
import { growHeapSlowly } from "../heap-growth.js";
import { runServer, type StartServer } from "../run-server.js";

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
  command.option(
    `--${damagedLogFlag} <refuse|cut>`,
    "a damaged event log: refuse to start, or give up the records that can't be read (default: refuse)",
  );
  command.addHelpText(
    "after",
    `\nEach but --${damagedLogFlag} and --${configFileFlag} can also be set in the file and in the environment.`,
  );
  command.action(async () => {
    const flags = Object.fromEntries(
      command.options.map((option): [string, string | undefined] => [
        option.name(),
        command.getOptionValue(option.attributeName()) as string | undefined,
      ]),
    );
    const damagedLog = damagedLogOf(flags[damagedLogFlag]);
    delete flags[damagedLogFlag];
    const config = loadConfig({ flags, env: io.env, cwd: io.cwd });
    const heap = growHeapSlowly(process.execArgv, io.env["NODE_OPTIONS"]);
    // Loaded here, so that the other commands start without the engine.
    const { startServer } = await import("@perdure/server");
    const now = (): number => performance.now();
    const start: StartServer = async (settings, events) => {
      const { workerExecArgv } = heap;
      const server = await startServer(settings, { ...events, damagedLog, workerExecArgv });
      heap.started();
      return server;
    };
    exit(await runServer(config, { start, io, signals: process, now }));
  });
}

/** A decision of the moment: not in the file, nor in the environment. */
const damagedLogFlag = "damaged-log";

function damagedLogOf(value: string | undefined): "refuse" | "cut" {
  if (value === undefined || value === "refuse" || value === "cut") return value ?? "refuse";
  throw new CliError(CliErrorCode.usage, `--${damagedLogFlag} is "${value}": give refuse or cut`);
}

/** A flag is a setting: a misspelt one is told as in the file and in the environment. */
function refuseUnknownFlag(error: CommanderError): never {
  const [, name] = /unknown option '--([^'=]+)/.exec(error.message) ?? [];
  if (error.code === "commander.unknownOption" && name !== undefined) throw unknownFlag(name);
  throw error;
}
