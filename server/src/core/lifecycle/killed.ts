// Someone wants an invocation to end now, whatever it does. The calls that it waits for end with it; what it has
// sent goes on. State that it has written stays.

import { create } from "@bufbuild/protobuf";
import { FailureSchema } from "@perdure/proto/protocol/v1/journal";
import {
  InvocationStatus,
  MessageSchema,
  PendingCompletion_Kind as PendingKind,
} from "@perdure/proto/storage/v1/records";
import { partitionOfInvocationId } from "@perdure/protocol/ids";
import { completeWith } from "../complete.js";
import { answer, sendMessage, type ApplyContext } from "../context.js";
import type { OutputResult } from "../effect.js";
import { openInvocation } from "../queries.js";

export function killed(
  ctx: ApplyContext,
  { invocationId }: { readonly invocationId: string },
): void {
  const draft = openInvocation(ctx, invocationId);
  if (draft === undefined) return answer(ctx, "notFound");
  if (draft.invocation.status === InvocationStatus.COMPLETED) return answer(ctx, "completed");
  for (const { kind, name } of draft.invocation.pending) {
    if (kind !== PendingKind.CALL) continue;
    const kill = { case: "kill" as const, value: { invocationId: name } };
    sendMessage(ctx, partitionOfInvocationId(name), create(MessageSchema, { message: kill }));
  }
  completeWith(ctx, draft, killedResult);
  answer(ctx, "done");
}

const killedResult: OutputResult = {
  case: "failure",
  value: create(FailureSchema, { code: 409, message: "killed" }),
};
