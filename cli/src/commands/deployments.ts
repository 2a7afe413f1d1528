// perdure deployments: what is registered, registering more of it, and removing it.

import { InvalidArgumentError, type Command } from "commander";
import { readFileSync } from "node:fs";
import path from "node:path";
import { errorMessage } from "@perdure/protocol/error-message";
import { connectionOf, isObject } from "../admin-connection.js";
import { jsonText, withAdminFlags, type AdminFlags } from "../admin-flags.js";
import { CliError, CliErrorCode } from "../cli-error.js";
import type { CliIo } from "../cli-io.js";
import {
  createDeploymentClient,
  type DeploymentAnswer,
  type DeploymentClient,
  type DeploymentDetails,
  type Registration,
  type ServiceAnswer,
} from "../deployment-client.js";
import { textTable } from "../text-table.js";

interface RegisterFlags extends AdminFlags {
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly strict?: boolean;
  readonly "useHttp1.1"?: boolean;
  readonly requestResponse?: boolean;
  readonly manifest?: string;
  readonly extraHeader?: Readonly<Record<string, string>>;
}

interface RemoveFlags extends AdminFlags {
  readonly force?: boolean;
}

export function addDeployments(program: Command, io: CliIo): void {
  const deployments = program
    .command("deployments")
    .alias("dp")
    .helpCommand(false)
    .description("register, list, show and remove deployments");

  withAdminFlags(deployments.command("register"))
    .description("discover the services at an address and make them available")
    .argument("<url>", "where the services listen, such as http://localhost:9080")
    .option("--force", "discover again, even where the address is registered")
    .option("--dry-run", "show what is offered and register nothing")
    .option("--strict", "refuse handlers that are gone, and content types or schemas that changed")
    .option("--use-http1.1", "talk HTTP/1.1 to it")
    .option("--request-response", "make one request for each attempt, whatever it says of itself")
    .option("--extra-header <name=value>", "sent with every request to it; may be repeated", header)
    .option(
      "--manifest <file>",
      "the manifest.json of codegen, where the endpoint does not serve it",
    )
    .action((url: string, flags: RegisterFlags) => register(io, url, flags));

  withAdminFlags(deployments.command("list").alias("ls"))
    .description("show all deployments, and whether they are still needed")
    .action((flags: AdminFlags) => list(io, flags));

  withAdminFlags(deployments.command("describe").alias("get"))
    .description("show one deployment and all that it offers")
    .argument("<id>", "as the list has it: dp_…")
    .action((id: string, flags: AdminFlags) => describe(io, id, flags));

  withAdminFlags(deployments.command("remove").alias("rm"))
    .description("remove a deployment that is not needed any more")
    .argument("<id>", "as the list has it: dp_…")
    .option("--force", "remove it also while it is needed: what belongs to it stops")
    .action((id: string, flags: RemoveFlags) => remove(io, id, flags));
}

function header(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const [, name, value = ""] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("Write it as name=value");
  return { ...before, [name]: value };
}

async function register(io: CliIo, url: string, flags: RegisterFlags): Promise<void> {
  const uri = url.includes("://") ? url : `http://${url}`;
  const { force = false, dryRun = false, strict = false, requestResponse } = flags;
  const registration = await clientOf(io, flags).register(uri, {
    force,
    dryRun,
    strict,
    useHttp11: flags["useHttp1.1"] ?? false,
    requestResponse,
    headers: flags.extraHeader ?? {},
    manifest: flags.manifest === undefined ? undefined : manifestAt(io.cwd, flags.manifest),
  });
  io.err(toldRegistration(uri, registration, force, dryRun));
  const { deployment } = registration;
  for (const line of toldChanges(deployment)) io.err(line);
  io.out(flags.json === true ? jsonText(deployment) : servicesTable(deployment.services));
}

/** @throws CliError  PDR5213 */
function manifestAt(cwd: string, file: string): unknown {
  try {
    const manifest: unknown = JSON.parse(readFileSync(path.resolve(cwd, file), "utf8"));
    if (isObject(manifest)) return manifest;
    throw new Error("it is no JSON object");
  } catch (cause) {
    const why = errorMessage(cause);
    throw new CliError(
      CliErrorCode.badManifest,
      `${file} is no manifest (${why}). Name the manifest.json that perdure codegen writes`,
      { cause },
    );
  }
}

/** What breaks comes first. An older server tells what callers will notice, and no more. */
function toldChanges({ manifest_changes: changes, info = [] }: DeploymentAnswer): string[] {
  if (changes === undefined) return info.map(({ message }) => `Note: ${message}`);
  const lines = changes.map(({ kind, breaks_callers, breaks_running, text }) => {
    const broken = [
      ...(breaks_callers ? ["callers"] : []),
      ...(breaks_running ? ["invocations in flight"] : []),
    ];
    const mark = broken.length === 0 ? kind : `breaks ${broken.join(" and ")}`;
    return { line: `${mark}: ${text}`, isBreaking: broken.length > 0 };
  });
  return [
    ...lines.filter(({ isBreaking }) => isBreaking),
    ...lines.filter(({ isBreaking }) => !isBreaking),
  ].map(({ line }) => line.charAt(0).toUpperCase() + line.slice(1));
}

function toldRegistration(
  uri: string,
  { deployment, isNew }: Registration,
  force: boolean,
  dryRun: boolean,
): string {
  const { id, services } = deployment;
  const what = `${services.length} ${services.length === 1 ? "service" : "services"}`;
  if (dryRun) return `${uri} offers ${what}. Nothing was registered: this was a dry run`;
  if (isNew) return `Registered ${uri} as ${id}, with ${what}`;
  if (force) return `Discovered ${uri} again: ${id}, with ${what}`;
  return `${uri} was registered before, as ${id}: nothing changed. Discover it again with --force`;
}

async function list(io: CliIo, flags: AdminFlags): Promise<void> {
  const deployments = await clientOf(io, flags).list();
  if (flags.json === true) {
    io.out(jsonText(deployments));
  } else if (deployments.length === 0) {
    io.err("No deployment yet. Register one with: perdure deployments register URL");
  } else {
    const headings = ["ID", "ADDRESS", "CREATED", "STATUS", "PINNED", "SERVICES"];
    io.out(textTable(headings, deployments.map(listRow)));
  }
}

function listRow(deployment: DeploymentDetails): string[] {
  const { id, uri, created_at, status = "", pinned_invocations: pinned, services } = deployment;
  const names = services.map(({ name }) => name).join(", ");
  return [id, uri, created_at, status, pinned === undefined ? "" : String(pinned), names];
}

async function describe(io: CliIo, id: string, flags: AdminFlags): Promise<void> {
  const deployment = await clientOf(io, flags).get(id);
  io.out(flags.json === true ? jsonText(deployment) : detailsText(deployment));
}

function detailsText(deployment: DeploymentDetails): string {
  const { id, uri, created_at, sdk_version, protocol_type, manifest_hash, services } = deployment;
  const { min_protocol_version: min, max_protocol_version: max } = deployment;
  const versions = min === max ? `version ${min}` : `versions ${min} to ${max}`;
  const facts = [
    ["address", uri],
    ["created", created_at],
    ["protocol", protocol_type === "RequestResponse" ? `${versions}, request/response` : versions],
    ...(sdk_version === undefined ? [] : [["sdk", sdk_version]]),
    ...(manifest_hash === undefined ? [] : [["manifest", manifest_hash]]),
  ];
  return [textTable(["id", id], facts), "", servicesTable(services)].join("\n");
}

async function remove(io: CliIo, id: string, flags: RemoveFlags): Promise<void> {
  await clientOf(io, flags).remove(id, flags.force ?? false);
  io.err(`Removed ${id}`);
  if (flags.json === true) io.out(jsonText({ removed: id }));
}

const typeNames: Readonly<Record<string, string>> = {
  Service: "service",
  VirtualObject: "object",
  Workflow: "workflow",
};

export function servicesTable(services: readonly ServiceAnswer[]): string {
  const rows = services.map(({ name, ty = "", revision, handlers = [] }) => [
    name,
    typeNames[ty] ?? ty,
    String(revision),
    handlers.map((handler) => handler.name).join(", "),
  ]);
  return textTable(["SERVICE", "TYPE", "REVISION", "HANDLERS"], rows);
}

function clientOf(io: CliIo, flags: AdminFlags): DeploymentClient {
  return createDeploymentClient(connectionOf(io, flags.adminUrl));
}
