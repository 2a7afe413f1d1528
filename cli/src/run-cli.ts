// From arguments to an exit status. Errors end here: each is told in one line on stderr, without a stack,
// unless it is a bug.

import { Command, CommanderError } from "commander";
import { CliError, CliErrorCode, codeOf, tellError } from "./cli-error.js";
import type { CliIo } from "./cli-io.js";
import { addCodegen } from "./commands/codegen.js";
import { addDeployments } from "./commands/deployments.js";
import { addInvocations } from "./commands/invocations.js";
import { addServer } from "./commands/server.js";
import { addServices } from "./commands/services.js";
import { addState } from "./commands/state.js";
import { version } from "./version.js";

/**
 * Runs one command.
 * @param args  without node and the script
 * @returns the exit status: 0, or 1 after an error; of codegen, 1 is what it found, and 2 an error
 */
export async function runCli(args: readonly string[], io: CliIo): Promise<number> {
  let status = 0;
  const program = createProgram(io, (ended) => {
    status = ended;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError && isAnswered(error)) return error.exitCode;
    io.err(`perdure: ${tellError(readable(error), CliErrorCode.unexpected)}`);
    return error instanceof CliError ? error.exitStatus : 1;
  }
}

function createProgram(io: CliIo, exit: (status: number) => void): Command {
  const program = new Command("perdure")
    .description("Durable workflows as ordinary TypeScript classes")
    .version(version(), "-V, --version", "print the version")
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
      // Errors are told in one place, by runCli.
      outputError: () => undefined,
    });
  addServer(program, io, exit);
  addDeployments(program, io);
  addServices(program, io);
  addInvocations(program, io);
  addState(program, io);
  addCodegen(program, io, exit);
  return program;
}

/** Help and version are thrown as well, after they were printed. */
function isAnswered({ code }: CommanderError): boolean {
  return ["commander.help", "commander.helpDisplayed", "commander.version"].includes(code);
}

function readable(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return codeOf(error) === undefined ? bug(error) : error;
  const message = error.message
    .replace(/^error: /, "")
    .replace(/\s*\n\s*/g, " ")
    .replace(/\.$/, "");
  return new CliError(CliErrorCode.usage, `${message}. See perdure --help`, { cause: error });
}

/** Nobody thought of this one: where it comes from is all that helps. */
function bug(error: unknown): CliError {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new CliError(CliErrorCode.unexpected, `unexpected error, please report it: ${stack}`);
}
