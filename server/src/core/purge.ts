// Retention is over: an invocation goes without a trace, and a workflow's state and promises with it.

import { HandlerKind } from "@perdure/proto/manifest/v1/manifest";
import {
  InvocationStatus,
  type DurablePromise,
  type Invocation,
} from "@perdure/proto/storage/v1/records";
import { invariant } from "@perdure/protocol/assert";
import { uuidOfInvocationId } from "@perdure/protocol/ids";
import { clear } from "./clear.js";
import { openDraft, save, type ApplyContext } from "./context.js";
import { endOfPrefix } from "./keys.js";
import { objectOf } from "./lock.js";
import type { RangeTable } from "./tables.js";

export function purge(ctx: ApplyContext, runId: string, invocation: Invocation): void {
  const { tables } = ctx;
  const uuid = uuidOfInvocationId(invocation.id);
  if (uuid !== runId && tables.identities.get(uuid)?.runId === runId)
    tables.identities.delete(uuid);
  tables.journal.delete(runId);
  tables.invocations.delete(runId);
  if (invocation.handlerKind !== HandlerKind.RUN) return;
  const workflow = objectOf(invocation);
  if (workflow === undefined) return;
  clear(tables.state, workflow);
  forgetPromises(tables.promises, workflow);
}

/** Those that a shared handler still waits for stay: the next life of the workflow may complete them. */
function forgetPromises(promises: RangeTable<DurablePromise>, workflow: string): void {
  for (const { key, value } of promises.scan(workflow, endOfPrefix(workflow), Infinity)) {
    if (value.result.case !== undefined || value.waiting.length === 0) promises.delete(key);
  }
}

/** The journal goes, the result stays: its Output command is all that is left. */
export function purgeJournal(ctx: ApplyContext, runId: string): void {
  const draft = openDraft(ctx, runId);
  if (draft?.invocation.status !== InvocationStatus.COMPLETED) return;
  const { invocation } = draft;
  const [output] = ctx.tables.journal.read(runId, invocation.outputIndex);
  invariant(output !== undefined, "a completed invocation has an Output command");
  ctx.tables.journal.delete(runId);
  ctx.tables.journal.append(runId, 0, output);
  invocation.outputIndex = 0;
  invocation.entryCount = 1;
  save(ctx, draft);
}
