// Options of services and handlers, as far as they are data.

import { millisOf, parseDuration } from "@perdure/protocol/duration";
import { ts } from "ts-morph";
import type { OptionsModel } from "../../model/services.js";
import type { ReadContext } from "../read-context.js";
import {
  staticMembers,
  staticValue,
  type StaticMember,
  type StaticMembers,
  type StaticValue,
} from "./static-values.js";

export function reportUnreadable(context: ReadContext, node: ts.Node, what: string): void {
  context.diagnostics.report(node, {
    code: "PDR6005",
    message: `${what} can't be read without running the code`,
    advice: "write it out, or use a constant that is written out",
  });
}

/** The members of an object that has to be readable; reports one that isn't. */
export function membersAt(
  context: ReadContext,
  expression: ts.Expression,
  what: string,
): StaticMembers | undefined {
  const members = staticMembers(context, expression);
  if (members.known) return members.value;
  reportUnreadable(context, members.node, what);
  return undefined;
}

/** As one: the later win. */
export function mergedMembers(sources: readonly StaticMembers[]): StaticMembers {
  return new Map(sources.flatMap((members) => [...members]));
}

const durations = {
  idempotencyRetention: "idempotencyRetentionMs",
  workflowRetention: "workflowRetentionMs",
  journalRetention: "journalRetentionMs",
  inactivityTimeout: "inactivityTimeoutMs",
  abortTimeout: "abortTimeoutMs",
} as const;

const flags = ["ingressPrivate", "enableLazyState", "setOutputContentTypeIfEmpty"] as const;
const texts = ["description", "accept"] as const;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** @param what  whose options they are, for messages */
export function readOptions(
  context: ReadContext,
  members: StaticMembers,
  what: string,
): OptionsModel {
  const reader = new OptionReader(context, members, what);
  const options: Mutable<OptionsModel> = {};
  for (const [name, target] of Object.entries(durations)) {
    const ms = reader.duration(name);
    if (ms !== undefined) options[target] = ms;
  }
  for (const name of flags) {
    const flag = reader.value(name, "boolean");
    if (flag !== undefined) options[name] = flag;
  }
  for (const name of texts) {
    const text = reader.value(name, "string");
    if (text !== undefined) options[name] = text;
  }
  const policy = reader.object("retryPolicy");
  if (policy !== undefined) options.retryPolicy = readPolicy(context, policy, what);
  return options;
}

function readPolicy(
  context: ReadContext,
  members: StaticMembers,
  what: string,
): NonNullable<OptionsModel["retryPolicy"]> {
  const reader = new OptionReader(context, members, what);
  const initialIntervalMs = reader.duration("initialInterval");
  const exponentiationFactor = reader.value("exponentiationFactor", "number");
  const maxIntervalMs = reader.duration("maxInterval");
  const maxAttempts = reader.value("maxAttempts", "number");
  const onMaxAttempts = reader.value("onMaxAttempts", "string");
  return {
    ...(initialIntervalMs === undefined ? {} : { initialIntervalMs }),
    ...(exponentiationFactor === undefined ? {} : { exponentiationFactor }),
    ...(maxIntervalMs === undefined ? {} : { maxIntervalMs }),
    ...(maxAttempts === undefined ? {} : { maxAttempts }),
    ...(onMaxAttempts === "pause" || onMaxAttempts === "kill" ? { onMaxAttempts } : {}),
  };
}

export function readMetadata(
  context: ReadContext,
  members: StaticMembers,
  what: string,
): Readonly<Record<string, string>> {
  const metadata = new OptionReader(context, members, what).object("metadata");
  if (metadata === undefined) return {};
  const reader = new OptionReader(context, metadata, `the metadata of ${what}`);
  const entries = [...metadata.keys()].flatMap((name): [string, string][] => {
    const value = reader.value(name, "string");
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

interface Kinds {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
}

const contractual: ReadonlySet<string> = new Set(["accept", "ingressPrivate"]);

/** Reads options one by one; undefined stands for one that is not given, that was reported, or that shows at run time. */
class OptionReader {
  readonly #context: ReadContext;
  readonly #members: StaticMembers;
  readonly #what: string;
  #leftOut = false;

  constructor(context: ReadContext, members: StaticMembers, what: string) {
    this.#context = context;
    this.#members = members;
    this.#what = what;
  }

  value<K extends keyof Kinds>(name: string, kind: K): Kinds[K] | undefined {
    const member = this.#members.get(name);
    if (member === undefined) return undefined;
    const value = staticValue(this.#context, member.value);
    if (!value.known) return this.#unreadable(name, value.node);
    if (value.value === undefined) return undefined;
    // oxlint-disable-next-line valid-typeof -- one of the keys of Kinds
    if (typeof value.value === kind) return value.value as Kinds[K];
    return this.#refuse(name, member, value.value);
  }

  object(name: string): StaticMembers | undefined {
    const member = this.#members.get(name);
    if (member === undefined || isUndefined(this.#context, member)) return undefined;
    if (!ts.isExpression(member.value)) return this.#unreadable(name, member.value);
    const members = staticMembers(this.#context, member.value);
    return members.known ? members.value : this.#unreadable(name, members.node);
  }

  /** In milliseconds. */
  duration(name: string): number | undefined {
    const member = this.#members.get(name);
    if (member === undefined || isUndefined(this.#context, member)) return undefined;
    const scalar = staticValue(this.#context, member.value);
    if (scalar.known) {
      const ms =
        typeof scalar.value === "number"
          ? millisOf(scalar.value)
          : typeof scalar.value === "string"
            ? parseDuration(scalar.value)
            : undefined;
      return ms === undefined ? this.#refuse(name, member, scalar.value) : ms;
    }
    const units = this.object(name);
    if (units === undefined) return undefined;
    const reader = new OptionReader(this.#context, units, `${name} of ${this.#what}`);
    const duration = Object.fromEntries(
      [...units.keys()].map((unit) => [unit, reader.value(unit, "number") ?? 0]),
    );
    return reader.#leftOut ? undefined : millisOf(duration);
  }

  /** What callers have to know must be written out. The rest the endpoint says itself when it is registered. */
  #unreadable(name: string, node: ts.Node): undefined {
    this.#leftOut = true;
    if (!contractual.has(name)) return undefined;
    reportUnreadable(this.#context, node, `the option ${name} of ${this.#what}`);
    return undefined;
  }

  #refuse(name: string, member: StaticMember, value: StaticValue): undefined {
    this.#context.diagnostics.report(member.value, {
      code: "PDR6006",
      message: `the option ${name} of ${this.#what} can't be ${JSON.stringify(value)}`,
      advice: "tsc says what it can be",
    });
    return undefined;
  }
}

function isUndefined(context: ReadContext, { value }: StaticMember): boolean {
  const read = staticValue(context, value);
  return read.known && read.value === undefined;
}
