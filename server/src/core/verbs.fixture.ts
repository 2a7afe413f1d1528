// What operators do to invocations, state and limits, in few words; and targets that lie in a scope.

import { clone, create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  CancelledSchema,
  KilledSchema,
  PausedSchema,
  PurgedSchema,
  RestartedSchema,
  RulesChangedSchema,
  RulesReplacedSchema,
  StatePatchedSchema,
} from "@perdure/proto/storage/v1/events";
import {
  MessageSchema,
  ResolvedTargetSchema,
  type LimitRuleSchema,
  type Message,
  type ResolvedTarget,
} from "@perdure/proto/storage/v1/records";
import type { Signal } from "@perdure/proto/protocol/v1/journal";
import type { EventBody } from "./apply.js";
import { idOf, value } from "./events.fixture.js";

export function cancelled(invocationId: string): EventBody {
  return { case: "cancelled", value: create(CancelledSchema, { invocationId }) };
}

export function killed(invocationId: string): EventBody {
  return { case: "killed", value: create(KilledSchema, { invocationId }) };
}

export function paused(invocationId: string): EventBody {
  return { case: "paused", value: create(PausedSchema, { invocationId }) };
}

export function purged(invocationId: string, what: "all" | "journal" = "all"): EventBody {
  const journalOnly = what === "journal";
  return { case: "purged", value: create(PurgedSchema, { invocationId, journalOnly }) };
}

export interface RestartOptions {
  /** Index of the last entry that is taken over; default: the input. */
  readonly from?: number;
  readonly deploymentId?: string;
  readonly partition?: number;
}

/** Runs again as `newRunId`. */
export function restarted(
  invocationId: string,
  newRunId: string,
  { from = 0, deploymentId = "", partition = 0 }: RestartOptions = {},
): EventBody {
  const newId = idOf(newRunId, partition);
  const init = { invocationId, newId, newRunId, from, deploymentId };
  return { case: "restarted", value: create(RestartedSchema, init) };
}

/** All state of an object of {@link exclusive} becomes this. */
export function statePatched(
  key: string,
  state: Readonly<Record<string, string>>,
  { version, scope }: { readonly version?: string; readonly scope?: string } = {},
): EventBody {
  const rows = Object.entries(state).map(([name, text]) => ({ name, value: value(text) }));
  const patch = {
    service: "Counter",
    key,
    state: rows,
    ...(version === undefined ? {} : { version }),
    ...(scope === undefined ? {} : { scope }),
  };
  return { case: "statePatched", value: create(StatePatchedSchema, { patch }) };
}

export type Rule = Omit<MessageInitShape<typeof LimitRuleSchema>, "pattern" | "$typeName">;

/** By pattern; a number is a concurrency. */
export type Rules = Readonly<Record<string, number | Rule>>;

export function rulesReplaced(rules: Rules, version = 0): EventBody {
  const value = create(RulesReplacedSchema, { rules: listOf(rules), version });
  return { case: "rulesReplaced", value };
}

export function rulesChanged(
  version: number,
  rules: Rules,
  removed: readonly string[] = [],
): EventBody {
  const value = create(RulesChangedSchema, {
    rules: listOf(rules),
    removed: [...removed],
    version,
  });
  return { case: "rulesChanged", value };
}

function listOf(rules: Rules): MessageInitShape<typeof LimitRuleSchema>[] {
  return Object.entries(rules).map(([pattern, rule]) => {
    return { pattern, ...(typeof rule === "number" ? { concurrency: rule } : rule) };
  });
}

/** The same target in a scope. */
export function scoped(of: ResolvedTarget, scope: string, limitKey?: string): ResolvedTarget {
  const resolved = clone(ResolvedTargetSchema, of);
  if (resolved.target === undefined) throw new Error("a target to be put into a scope");
  resolved.target.scope = scope;
  if (limitKey !== undefined) resolved.target.limitKey = limitKey;
  return resolved;
}

export function killMessage(invocationId: string): Message {
  return create(MessageSchema, { message: { case: "kill", value: { invocationId } } });
}

export function signalMessage(invocationId: string, signal: Signal): Message {
  return create(MessageSchema, { message: { case: "signal", value: { invocationId, signal } } });
}
