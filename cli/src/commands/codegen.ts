// perdure codegen: manifest, .proto and clients from classes; and, in CI, whether what is committed may be deployed.
// Findings go to stdout, they are what was asked for. The exit status is 0, 1 where there are errors in the code or
// the check failed, 2 where it could not do its work.

import type { Command, CommanderError } from "commander";
import type * as codegenPackage from "@perdure/codegen";
import type { CodegenRun, CodegenSettings } from "@perdure/codegen";
import { jsonText } from "../admin-flags.js";
import { CliError, CliErrorCode, codeOf, tellError } from "../cli-error.js";
import type { CliIo } from "../cli-io.js";
import { codegenSettings, type CodegenFlags } from "../codegen-settings.js";

type Codegen = typeof codegenPackage;

/** @param exit  told the exit status */
export function addCodegen(program: Command, io: CliIo, exit: (status: number) => void): void {
  program
    .command("codegen")
    .description("write the manifest, the .proto and typed clients of services, from their source")
    .exitOverride(asUsage)
    .argument("[globs...]", "source files that define services, such as 'src/**/*.ts'")
    .option("--out <folder>", "where to write")
    .option("--package <name>", "the protobuf package, such as tour.v1")
    .option("--tsconfig <file>", "compiler options (default: the nearest tsconfig.json)")
    .option("--watch", "run again whenever the source changes")
    .option("--check", "write nothing, and fail where what is written is stale")
    .option(
      "--against <what>",
      "with --check, fail also where callers break: a git revision, a manifest, or the URL of an admin port",
    )
    .option("--strict", "with --check, fail also after warnings")
    .option("--json", "print findings as JSON")
    .addHelpText(
      "after",
      '\nWhat is not given is taken from "perdure": {"codegen": {"sources", "out", "package", "tsconfig"}} in package.json.' +
        "\nThe exit status is 0, 1 after errors in the code or a failed check, 2 where it could not run.",
    )
    .action(async (globs: string[], flags: CodegenFlags) => {
      const settings = codegenSettings(io.cwd, globs, flags);
      const codegen = await loadCodegen();
      try {
        if (flags.check === true) exit(await check(io, codegen, settings, flags));
        else if (flags.watch === true) exit(await watch(io, codegen, settings, flags));
        else exit(await generate(io, codegen, settings, flags));
      } catch (error) {
        throw codeOf(error) === undefined ? error : failed(error as Error & { code: string });
      }
    });
}

async function loadCodegen(): Promise<Codegen> {
  try {
    return await import("@perdure/codegen");
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND" || !message.includes("@perdure/codegen")) throw cause;
    throw new CliError(
      CliErrorCode.noCodegen,
      "the code generator is a package of its own, which is not installed here. Install it: npm install -D @perdure/codegen",
      { cause, exitStatus: 2 },
    );
  }
}

async function generate(
  io: CliIo,
  codegen: Codegen,
  settings: CodegenSettings,
  flags: CodegenFlags,
): Promise<number> {
  const run = await codegen.runCodegen(settings);
  tellRun(io, codegen, run, flags);
  return run.passed ? 0 : 1;
}

function tellRun(io: CliIo, codegen: Codegen, run: CodegenRun, flags: CodegenFlags): void {
  const { passed, written, removed, generated } = run;
  const { diagnostics } = generated;
  if (flags.json === true) io.out(jsonText({ passed, diagnostics, written, removed }));
  else if (diagnostics.length > 0) io.out(codegen.diagnosticsText(diagnostics));
  io.err(codegen.runText(run));
}

async function check(
  io: CliIo,
  codegen: Codegen,
  settings: CodegenSettings,
  { against, strict = false, json }: CodegenFlags,
): Promise<number> {
  const checked = await codegen.check({
    ...settings,
    strict,
    ...(against === undefined ? {} : { against }),
  });
  const { passed, findings, changes } = checked;
  if (json === true) {
    const told = changes.map(({ breaksCallers, breaksRunning, service, handler, text }) => ({
      service,
      ...(handler === "" ? {} : { handler }),
      breaksCallers,
      breaksRunning,
      text,
    }));
    io.out(jsonText({ passed, findings, changes: told }));
  } else {
    const lines = [codegen.diagnosticsText(findings), codegen.changesText(checked)];
    const text = lines.filter((line) => line !== "").join("\n");
    if (text !== "") io.out(text);
  }
  io.err(codegen.checkText(checked));
  return passed ? 0 : 1;
}

/** Until Ctrl-C. */
async function watch(
  io: CliIo,
  codegen: Codegen,
  settings: CodegenSettings,
  flags: CodegenFlags,
): Promise<number> {
  const watching = codegen.watch(settings, {
    onRun: (run) => {
      tellRun(io, codegen, run, flags);
    },
    onError: (error) => {
      io.err(`perdure: ${tellError(error, CliErrorCode.unexpected)}`);
    },
  });
  await new Promise<void>((stopped) => {
    process.once("SIGINT", stopped);
    process.once("SIGTERM", stopped);
  });
  await watching.close();
  return 0;
}

/** Told with its own code, and not as what codegen found. */
function failed(error: Error & { readonly code: string }): CliError {
  return new CliError(error.code, error.message, { cause: error, exitStatus: 2 });
}

function asUsage(error: CommanderError): never {
  if (error.exitCode === 0) throw error;
  const message = error.message.replace(/^error: /, "").replace(/\.$/, "");
  throw new CliError(CliErrorCode.usage, `${message}. See perdure codegen --help`, {
    cause: error,
    exitStatus: 2,
  });
}
