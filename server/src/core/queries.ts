// Reads of the tables that more than one event, and the shell, need.

import { invariant } from "@perdure/protocol/assert";
import { uuidOfInvocationId } from "@perdure/protocol/ids";
import type { Invocation } from "@perdure/proto/storage/v1/records";
import { openDraft, type ApplyContext, type Draft } from "./context.js";
import type { OutputResult } from "./effect.js";
import type { Tables } from "./tables.js";

/** The current life of an invocation id; undefined where there is none. */
export function findRun(tables: Tables, invocationId: string): string | undefined {
  const uuid = uuidOfInvocationId(invocationId);
  const life = tables.identities.get(uuid)?.runId ?? uuid;
  const invocation = tables.invocations.get(life);
  return invocation?.id === invocationId ? life : undefined;
}

/** The current life of an invocation id, to be changed. */
export function openInvocation(ctx: ApplyContext, invocationId: string): Draft | undefined {
  const runId = findRun(ctx.tables, invocationId);
  return runId === undefined ? undefined : openDraft(ctx, runId);
}

/** What a completed invocation ended with. */
export function readOutput(tables: Tables, runId: string, invocation: Invocation): OutputResult {
  const [entry] = tables.journal.read(runId, invocation.outputIndex);
  invariant(entry?.body.case === "output", "a completed invocation has an Output command");
  return entry.body.value.result;
}
