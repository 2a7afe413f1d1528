// perdure deployments: what is registered, and registering more of it.

import type { Command } from "commander";
import {
  createAdminClient,
  defaultAdminUrl,
  type AdminClient,
  type DeploymentDetails,
  type Registration,
  type ServiceAnswer,
} from "../admin-client.js";
import type { CliIo } from "../cli-io.js";
import { textTable } from "../text-table.js";

interface CommonFlags {
  readonly adminUrl?: string;
  readonly json?: boolean;
}

interface RegisterFlags extends CommonFlags {
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export function addDeployments(program: Command, io: CliIo): void {
  const deployments = program
    .command("deployments")
    .helpCommand(false)
    .description("register, list and show deployments");

  withCommonFlags(deployments.command("register"))
    .description("discover the services at an address and make them available")
    .argument("<url>", "where the services listen, such as http://localhost:9080")
    .option("--force", "discover again, even where the address is registered")
    .option("--dry-run", "show what is offered and register nothing")
    .action((url: string, flags: RegisterFlags) => register(io, url, flags));

  withCommonFlags(deployments.command("list"))
    .description("show all deployments")
    .action((flags: CommonFlags) => list(io, flags));

  withCommonFlags(deployments.command("get"))
    .description("show one deployment and all that it offers")
    .argument("<id>", "as the list has it: dp_…")
    .action((id: string, flags: CommonFlags) => get(io, id, flags));
}

function withCommonFlags(command: Command): Command {
  return command
    .option(
      "--admin-url <url>",
      `the server's admin port (default: PERDURE_ADMIN_URL, else ${defaultAdminUrl})`,
    )
    .option("--json", "print the answer as JSON");
}

async function register(io: CliIo, url: string, flags: RegisterFlags): Promise<void> {
  const uri = url.includes("://") ? url : `http://${url}`;
  const { force = false, dryRun = false } = flags;
  const registration = await adminOf(io, flags).register(uri, { force, dryRun });
  io.err(toldRegistration(uri, registration, force, dryRun));
  const { deployment } = registration;
  io.out(flags.json === true ? jsonText(deployment) : servicesTable(deployment.services));
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

async function list(io: CliIo, flags: CommonFlags): Promise<void> {
  const deployments = await adminOf(io, flags).list();
  if (flags.json === true) {
    io.out(jsonText(deployments));
  } else if (deployments.length === 0) {
    io.err("No deployment yet. Register one with: perdure deployments register URL");
  } else {
    const headings = ["ID", "ADDRESS", "CREATED", "SERVICES"];
    io.out(textTable(headings, deployments.map(listRow)));
  }
}

function listRow({ id, uri, created_at, services }: DeploymentDetails): string[] {
  return [id, uri, created_at, services.map(({ name }) => name).join(", ")];
}

async function get(io: CliIo, id: string, flags: CommonFlags): Promise<void> {
  const deployment = await adminOf(io, flags).get(id);
  io.out(flags.json === true ? jsonText(deployment) : detailsText(deployment));
}

function detailsText(deployment: DeploymentDetails): string {
  const { id, uri, created_at, sdk_version, services } = deployment;
  const { min_protocol_version: min, max_protocol_version: max } = deployment;
  const facts = [
    ["address", uri],
    ["created", created_at],
    ["protocol", min === max ? `version ${min}` : `versions ${min} to ${max}`],
    ...(sdk_version === undefined ? [] : [["sdk", sdk_version]]),
  ];
  return [textTable(["id", id], facts), "", servicesTable(services)].join("\n");
}

const typeNames: Readonly<Record<string, string>> = {
  Service: "service",
  VirtualObject: "object",
  Workflow: "workflow",
};

function servicesTable(services: readonly ServiceAnswer[]): string {
  const rows = services.map(({ name, ty = "", revision, handlers = [] }) => [
    name,
    typeNames[ty] ?? ty,
    String(revision),
    handlers.map((handler) => handler.name).join(", "),
  ]);
  return textTable(["SERVICE", "TYPE", "REVISION", "HANDLERS"], rows);
}

function adminOf(io: CliIo, flags: CommonFlags): AdminClient {
  // Set to nothing is how scripts and containers leave a variable out.
  const fromEnvironment = io.env["PERDURE_ADMIN_URL"] || undefined;
  return createAdminClient(flags.adminUrl ?? fromEnvironment ?? defaultAdminUrl);
}

function jsonText(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}
