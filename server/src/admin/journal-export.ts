// A journal outside of its server: proto JSON of perdure.admin.v1.JournalExport, which the testing kit replays.

import { create, toJson } from "@bufbuild/protobuf";
import { JournalExportSchema, type JournalExport } from "@perdure/proto/admin/v1/journal_export";
import type { Operators } from "../shard/operators.js";
import type { Redaction } from "./redaction.js";
import { checkInvocationId, unknownInvocation } from "./invocation-id.js";

/** @throws HttpError  PDR4013, PDR4016 */
export async function exportJournal(
  operators: Operators,
  invocationId: string,
  redaction: Redaction,
): Promise<JournalExport> {
  const id = checkInvocationId(invocationId);
  const found = await operators.journal(id);
  if (found === undefined) throw unknownInvocation(id);
  const { runId, invocation, entries } = found;
  const { target, randomSeed, idempotencyKey, deploymentId, createdAt } = invocation;
  return create(JournalExportSchema, {
    invocation: {
      id,
      runId,
      randomSeed,
      deploymentId,
      createdAtMs: BigInt(Math.floor(createdAt)),
      ...(target === undefined ? {} : { target }),
      ...(idempotencyKey === "" ? {} : { idempotencyKey }),
    },
    entries: redaction.entries(entries),
  });
}

export function journalJson(journal: JournalExport): object {
  return toJson(JournalExportSchema, journal) as object;
}
