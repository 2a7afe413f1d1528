// A handler asks for the output of another invocation: it waits for it (attach), or is answered at once
// (peek).

import { create } from "@bufbuild/protobuf";
import { FailureSchema } from "@perdure/proto/protocol/v1/journal";
import { InvocationStatus, type AttachMessage } from "@perdure/proto/storage/v1/records";
import { invariant } from "@perdure/protocol/assert";
import { voidResult } from "@perdure/protocol/messages";
import { completeSink } from "../complete.js";
import { save, type ApplyContext } from "../context.js";
import { openInvocation, readOutput } from "../queries.js";

export function attached(ctx: ApplyContext, message: AttachMessage): void {
  const { sink } = message;
  invariant(sink !== undefined, "an attach says who is to be told");
  const draft = openInvocation(ctx, message.invocationId);
  if (draft === undefined) {
    const failure = create(FailureSchema, { code: 404, message: "invocation not found" });
    return completeSink(ctx, sink, { case: "failure", value: failure });
  }
  const { invocation } = draft;
  if (invocation.status === InvocationStatus.COMPLETED) {
    return completeSink(ctx, sink, readOutput(ctx.tables, draft.runId, invocation));
  }
  if (message.peek) return completeSink(ctx, sink, voidResult);
  invocation.sinks = [...invocation.sinks, sink];
  save(ctx, draft);
}
