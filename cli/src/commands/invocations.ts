// perdure invocations: how one is, and telling some what to do. Each fares for itself: those that can't do it are
// named, with the reason, and the command fails.

import { InvalidArgumentError, type Command } from "commander";
import { connectionOf } from "../admin-connection.js";
import { jsonText, withAdminFlags, type AdminFlags } from "../admin-flags.js";
import { CliError, CliErrorCode } from "../cli-error.js";
import type { CliIo } from "../cli-io.js";
import {
  createInvocationClient,
  type BatchOutcome,
  type BatchVerb,
  type InvocationAnswer,
  type InvocationClient,
  type Restarted,
} from "../invocation-client.js";
import { factRows } from "../fact-rows.js";
import { textTable } from "../text-table.js";

interface CancelFlags extends AdminFlags {
  readonly kill?: boolean;
}

interface PurgeFlags extends AdminFlags {
  readonly journal?: boolean;
}

interface DeploymentFlags extends AdminFlags {
  readonly deployment?: string;
}

interface RestartFlags extends DeploymentFlags {
  readonly from?: number;
}

export function addInvocations(program: Command, io: CliIo): void {
  const invocations = program
    .command("invocations")
    .alias("inv")
    .helpCommand(false)
    .description("show, cancel, pause, resume, restart and purge invocations");

  withAdminFlags(invocations.command("describe").alias("get"))
    .description("show one invocation")
    .argument("<id>", "inv_…")
    .action((id: string, flags: AdminFlags) => describe(io, id, flags));

  withAdminFlags(invocations.command("journal"))
    .description("print the journal of an invocation as JSON, such as the testing kit replays")
    .argument("<id>", "inv_…")
    .action(async (id: string, flags: AdminFlags) => {
      io.out(jsonText(await clientOf(io, flags).journal(id)));
    });

  const onIds = (name: string, description: string): Command =>
    withAdminFlags(invocations.command(name))
      .description(description)
      .argument("<ids...>", "inv_…");

  onIds("cancel", "let their code know that they should stop")
    .option("--kill", "end them at once, without their code")
    .action((ids: string[], flags: CancelFlags) =>
      perform(io, flags, flags.kill === true ? "kill" : "cancel", ids),
    );
  onIds("kill", "end them at once, with the calls that they wait for").action(
    (ids: string[], flags: AdminFlags) => perform(io, flags, "kill", ids),
  );
  onIds("pause", "let them rest until they are resumed").action(
    (ids: string[], flags: AdminFlags) => perform(io, flags, "pause", ids),
  );
  onIds("resume", "let them go on, now")
    .option("--deployment <which>", "keep, latest or dp_…", "keep")
    .action((ids: string[], flags: DeploymentFlags) =>
      perform(io, flags, "resume", ids, flags.deployment),
    );
  onIds("restart", "run them once more, as new ones, when they have ended")
    .alias("restart-as-new")
    .option("--deployment <which>", "latest, keep or dp_…", "latest")
    .option("--from <index>", "keep the journal up to this entry (default: the input)", entryIndex)
    .action((ids: string[], flags: RestartFlags) => restart(io, flags, ids));
  onIds("purge", "forget them, when they have ended")
    .alias("rm")
    .option("--journal", "forget their journals only, and keep their results")
    .action((ids: string[], flags: PurgeFlags) =>
      perform(io, flags, flags.journal === true ? "purge-journal" : "purge", ids),
    );
}

function entryIndex(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It is the index of a journal entry: 0, 1, 2, …");
}

async function describe(io: CliIo, id: string, flags: AdminFlags): Promise<void> {
  const invocation = await clientOf(io, flags).get(id);
  io.out(flags.json === true ? jsonText(invocation) : detailsText(invocation));
}

function detailsText({ id, ...facts }: InvocationAnswer): string {
  return textTable(["id", id], factRows(facts));
}

async function perform(
  io: CliIo,
  flags: AdminFlags,
  verb: BatchVerb,
  ids: readonly string[],
  deployment?: string,
): Promise<void> {
  const outcome = await clientOf(io, flags).batch(verb, ids, deployment);
  if (flags.json === true) io.out(jsonText(outcome));
  else for (const id of outcome.succeeded) io.out(id);
  tellOutcome(io, verb, outcome, ids.length);
}

async function restart(io: CliIo, flags: RestartFlags, ids: readonly string[]): Promise<void> {
  const outcome = await restarted(clientOf(io, flags), flags, ids);
  if (flags.json === true) io.out(jsonText(outcome));
  else
    io.out(
      textTable(
        ["OLD", "NEW"],
        outcome.succeeded.map(({ oldId, newId }) => [oldId, newId]),
      ),
    );
  tellOutcome(io, "restart", outcome, ids.length);
}

async function restarted(
  client: InvocationClient,
  { from = 0, deployment }: RestartFlags,
  ids: readonly string[],
): Promise<BatchOutcome<Restarted>> {
  if (from === 0) return client.restartAll(ids, deployment);
  const succeeded: Restarted[] = [];
  const failed: { id: string; error: string }[] = [];
  for (const id of ids) {
    try {
      succeeded.push(await client.restart(id, from, deployment));
    } catch (error) {
      // Whatever the server says of one is no reason to leave out the others.
      if (!(error instanceof CliError) || error.code.startsWith("PDR52")) throw error;
      failed.push({ id, error: error.message });
    }
  }
  return { succeeded, failed };
}

/** @throws CliError  PDR5209 */
function tellOutcome(
  io: CliIo,
  verb: string,
  { succeeded, failed }: BatchOutcome<unknown>,
  asked: number,
): void {
  for (const { id, error } of failed) io.err(`${id}: ${error}`);
  if (failed.length > 0) {
    throw new CliError(
      CliErrorCode.notAllSucceeded,
      `${verb}: ${failed.length} of ${asked} could not be done; nothing was changed there`,
    );
  }
  io.err(`${verb}: ${succeeded.length} of ${asked} done`);
}

function clientOf(io: CliIo, flags: AdminFlags): InvocationClient {
  return createInvocationClient(connectionOf(io, flags.adminUrl));
}
