// perdure state: what an object or a workflow remembers, read and replaced. Values are JSON unless said otherwise.

import { readFileSync } from "node:fs";
import path from "node:path";
import type { Command } from "commander";
import { errorMessage } from "@perdure/protocol/error-message";
import { connectionOf, isObject } from "../admin-connection.js";
import { jsonText, withAdminFlags, type AdminFlags } from "../admin-flags.js";
import { CliError, CliErrorCode } from "../cli-error.js";
import type { CliIo } from "../cli-io.js";
import { createStateClient, type StateClient } from "../state-client.js";

interface StateFlags extends AdminFlags {
  readonly scope?: string;
  readonly binary?: boolean;
}

interface SetFlags extends StateFlags {
  readonly file?: string;
  readonly ifVersion?: string;
}

export function addState(program: Command, io: CliIo): void {
  const state = program
    .command("state")
    .alias("kv")
    .helpCommand(false)
    .description("read and replace the state of objects and workflows");

  const onState = (name: string, description: string): Command =>
    withAdminFlags(state.command(name))
      .description(description)
      .argument("<service>", "an object or a workflow")
      .argument("<key>", "of the object or the workflow")
      .option("--scope <scope>", "in which the object is")
      .option("--binary", "values are base64, not JSON");

  onState("get", "print all of it, as a JSON object").action(
    (service: string, key: string, flags: StateFlags) => get(io, service, key, flags),
  );
  onState("set", "replace all of it, in turn with what runs on the key")
    .argument("[state]", 'a JSON object, such as {"count":3}; {} clears it')
    .option("--file <path>", "read the state from a file")
    .option("--if-version <version>", "do nothing where it is not at this version by then")
    .action((service: string, key: string, text: string | undefined, flags: SetFlags) =>
      set(io, service, key, text, flags),
    );
}

async function get(io: CliIo, service: string, key: string, flags: StateFlags): Promise<void> {
  const { state, version } = await clientOf(io, flags).get({ service, key, scope: flags.scope });
  const binary = flags.binary === true;
  const shown = [...state].map(([name, bytes]) => [name, shownValue(name, bytes, binary)] as const);
  const values: object = Object.fromEntries(shown);
  if (flags.json === true) {
    io.out(jsonText({ state: values, version }));
  } else {
    io.out(jsonText(values));
    io.err(`version ${version}`);
  }
}

function shownValue(name: string, bytes: Uint8Array, binary: boolean): unknown {
  const buffer = Buffer.from(bytes);
  if (binary) return buffer.toString("base64");
  try {
    return JSON.parse(buffer.toString());
  } catch {
    throw new CliError(
      CliErrorCode.notJson,
      `the value of "${name}" is not JSON. Print all values as base64 with --binary`,
    );
  }
}

async function set(
  io: CliIo,
  service: string,
  key: string,
  argument: string | undefined,
  flags: SetFlags,
): Promise<void> {
  if ((argument === undefined) === (flags.file === undefined)) {
    throw new CliError(
      CliErrorCode.usage,
      "give the new state as an argument or with --file, one of them. See perdure state set --help",
    );
  }
  const text = argument ?? fileText(path.resolve(io.cwd, flags.file ?? ""));
  const state = parseState(text, flags.binary === true);
  const target = { service, key, scope: flags.scope };
  await clientOf(io, flags).set(target, state, flags.ifVersion);
  const what = `${state.size} ${state.size === 1 ? "value" : "values"}`;
  io.err(`The state of ${service}/${key} becomes ${what} as soon as the key is free`);
  if (flags.json === true) io.out(jsonText({ service, key, values: state.size }));
}

function fileText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    const why = errorMessage(cause);
    throw new CliError(CliErrorCode.usage, `${file} can't be read: ${why}`, { cause });
  }
}

function parseState(text: string, binary: boolean): ReadonlyMap<string, Uint8Array> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw notAState(errorMessage(cause));
  }
  if (!isObject(parsed)) throw notAState("it must be an object");
  const entries = Object.entries(parsed).map(([name, value]) => {
    if (!binary) return [name, Buffer.from(JSON.stringify(value))] as const;
    if (typeof value === "string") return [name, Buffer.from(value, "base64")] as const;
    throw notAState(`with --binary the value of "${name}" must be text in base64`);
  });
  return new Map(entries);
}

function notAState(why: string): CliError {
  return new CliError(CliErrorCode.notJson, `the new state is not a JSON object: ${why}`);
}

function clientOf(io: CliIo, flags: AdminFlags): StateClient {
  return createStateClient(connectionOf(io, flags.adminUrl));
}
