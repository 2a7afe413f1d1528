// Limits of scopes: whoever is let in finds room by the rules of that moment, nobody waits who has room, and nobody
// overtakes in the queue of one limit key. Counted anew, from who was let in and who has ended.

import type { LimitRule } from "@perdure/proto/storage/v1/records";
import type { Checker, CheckerContext, Fact } from "../history.js";

interface Scoped {
  /** "s", "s/a", "s/a/x" */
  readonly levels: readonly string[];
  readonly partition: number;
  /** When it began to wait, in the count of records; undefined: it does not wait for a limit. */
  since: number | undefined;
}

type Rules = ReadonlyMap<string, LimitRule>;

export function limitsHold({ durable, offend }: CheckerContext): Checker {
  const rulesOf = new Map<number, Rules>();
  const outside = new Map<string, Scoped>();
  const inside = new Map<string, Scoped>();
  const counts = new Map<string, number>();

  const add = ({ levels }: Scoped, change: 1 | -1): void => {
    for (const level of levels) counts.set(level, (counts.get(level) ?? 0) + change);
  };

  const limitOf = (partition: number, level: string): number =>
    limitBy(rulesOf.get(partition) ?? new Map(), level.split("/"));

  const letIn = (runId: string, count: number): void => {
    const scoped = outside.get(runId);
    if (scoped === undefined) return;
    outside.delete(runId);
    inside.set(runId, scoped);
    add(scoped, 1);
    const queue = scoped.levels.at(-1);
    for (const [other, { levels, since = Infinity }] of outside) {
      if (levels.at(-1) !== queue || since >= (scoped.since ?? count)) continue;
      offend(`${runId} was let in before ${other}, which waited before it`);
    }
  };

  const over = (runId: string): void => {
    const scoped = inside.get(runId);
    if (scoped !== undefined) add(scoped, -1);
    inside.delete(runId);
    outside.delete(runId);
  };

  const checkWaiting = (fact: Fact & { kind: "durable" }): void => {
    for (const [runId, scoped] of outside) {
      if (scoped.partition !== fact.partition) continue;
      const waits = durable.invocation(runId)?.queueGroup.startsWith("=") === true;
      if (!waits) continue;
      scoped.since ??= fact.count;
      const full = scoped.levels.some(
        (level) => (counts.get(level) ?? 0) >= limitOf(fact.partition, level),
      );
      if (!full) offend(`${runId} waits for a limit of ${scoped.levels.at(-1)}, and has room`);
    }
  };

  return {
    name: "limits of scopes hold, and keep nobody waiting who has room",
    check(fact): void {
      if (fact.kind !== "durable") return;
      const { event, created, effects, partition, count } = fact;
      if (event.case === "rulesReplaced") {
        rulesOf.set(partition, new Map(event.value.rules.map((rule) => [rule.pattern, rule])));
      }
      if (event.case === "rulesChanged") {
        const rules = new Map(rulesOf.get(partition));
        for (const pattern of event.value.removed) rules.delete(pattern);
        for (const rule of event.value.rules) rules.set(rule.pattern, rule);
        rulesOf.set(partition, rules);
      }
      if (created !== undefined) {
        const { scope, limitKey } = durable.invocation(created)?.target ?? {};
        const levels = scope === undefined ? [] : levelsOf(scope, limitKey);
        if (levels.length > 0) outside.set(created, { levels, partition, since: undefined });
      }
      for (const effect of effects) if (effect.kind === "completed") over(effect.runId);
      const admitted = effects.flatMap((effect) =>
        effect.kind === "ready" && outside.has(effect.runId) ? [effect.runId] : [],
      );
      for (const runId of admitted) letIn(runId, count);
      for (const level of new Set(admitted.flatMap((runId) => inside.get(runId)?.levels ?? []))) {
        const [is = 0, limit] = [counts.get(level), limitOf(partition, level)];
        if (is > limit) offend(`${is} run in ${level}, where ${limit} may`);
      }
      if (event.case === "appended" && outside.has(event.value.runId)) {
        offend(`${event.value.runId} went on without being let in`);
      }
      const mayWaitOrStart =
        created !== undefined ||
        event.case === "rulesReplaced" ||
        event.case === "rulesChanged" ||
        event.case === "timersDue" ||
        effects.some(({ kind }) => kind === "completed");
      if (mayWaitOrStart && outside.size > 0) checkWaiting(fact);
    },
  };
}

function levelsOf(scope: string, limitKey = ""): string[] {
  const parts = [scope, ...limitKey.split("/").filter((part) => part !== "")];
  return parts.map((_, level) => parts.slice(0, level + 1).join("/"));
}

/** Of the rules that fit, the one that says the earliest part the most exactly. */
function limitBy(rules: Rules, level: readonly string[]): number {
  let best: { readonly order: string; readonly limit: number } | undefined;
  for (const { pattern, disabled, concurrency = Infinity } of rules.values()) {
    const parts = pattern.split("/");
    const fits = parts.every((part, index) => part === "*" || part === level[index]);
    if (disabled || parts.length !== level.length || !fits) continue;
    const order = parts.map((part) => (part === "*" ? "1" : "0")).join("");
    if (best === undefined || order < best.order) best = { order, limit: concurrency };
  }
  return best?.limit ?? Infinity;
}
