// perdure services: what can be called, as the newest deployments offer it.

import type { Command } from "commander";
import { connectionOf, isObject } from "../admin-connection.js";
import { jsonText, withAdminFlags, type AdminFlags } from "../admin-flags.js";
import type { CliIo } from "../cli-io.js";
import type { ServiceAnswer } from "../deployment-client.js";
import { factRows } from "../fact-rows.js";
import { textTable } from "../text-table.js";
import { servicesTable } from "./deployments.js";

export function addServices(program: Command, io: CliIo): void {
  const services = program
    .command("services")
    .alias("svc")
    .helpCommand(false)
    .description("list, show and describe services");

  withAdminFlags(services.command("list").alias("ls"))
    .description("show all services")
    .action((flags: AdminFlags) => list(io, flags));

  withAdminFlags(services.command("describe").alias("get"))
    .description("show one service, its options and its handlers")
    .argument("<name>", "of the service")
    .action((name: string, flags: AdminFlags) => describe(io, name, flags));

  withAdminFlags(services.command("openapi"))
    .description("print the OpenAPI description of a service")
    .argument("<name>", "of the service")
    .action(async (name: string, flags: AdminFlags) => {
      io.out(jsonText(await asked(io, flags, `/services/${encodeURIComponent(name)}/openapi`)));
    });
}

async function list(io: CliIo, flags: AdminFlags): Promise<void> {
  const admin = connectionOf(io, flags.adminUrl);
  const { body } = await admin.ask("GET", "/services");
  const { services } = admin.checked(isServiceList, body);
  if (flags.json === true) return io.out(jsonText(services));
  if (services.length > 0) return io.out(servicesTable(services));
  io.err("No service yet. Register some with: perdure deployments register URL");
}

async function describe(io: CliIo, name: string, flags: AdminFlags): Promise<void> {
  const service = await asked(io, flags, `/services/${encodeURIComponent(name)}`);
  if (flags.json === true) return io.out(jsonText(service));
  const { handlers, name: shown, ...options } = service;
  const table = (Array.isArray(handlers) ? (handlers as object[]) : []).map((handler) => {
    const { name: handlerName, ty = "", ...rest } = handler as Readonly<Record<string, unknown>>;
    const { input_description: input = "", output_description: output = "" } = rest;
    return [handlerName, ty, input, output].map(String);
  });
  const headings = ["HANDLER", "TYPE", "INPUT", "OUTPUT"];
  io.out(
    [textTable(["name", String(shown)], factRows(options)), "", textTable(headings, table)].join(
      "\n",
    ),
  );
}

async function asked(
  io: CliIo,
  flags: AdminFlags,
  path: string,
): Promise<Readonly<Record<string, unknown>>> {
  const admin = connectionOf(io, flags.adminUrl);
  const { body } = await admin.ask("GET", path);
  return admin.checked(isObject, body);
}

function isServiceList(body: unknown): body is { readonly services: readonly ServiceAnswer[] } {
  return isObject(body) && Array.isArray(body["services"]) && body["services"].every(isObject);
}
