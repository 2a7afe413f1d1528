// An operator replaces the state of an object: at once, or when the exclusive handler that runs has ended, in turn
// with the others that wait for the key.

import { create } from "@bufbuild/protobuf";
import type { StatePatched } from "@perdure/proto/storage/v1/events";
import { InboxRowSchema } from "@perdure/proto/storage/v1/records";
import { answer, type ApplyContext } from "../context.js";
import { objectKey } from "../keys.js";
import { wait } from "../lock.js";
import { patchState } from "../state-patch.js";

export function statePatched(ctx: ApplyContext, { patch }: StatePatched): void {
  if (patch === undefined) return;
  const object = objectKey(patch.service, patch.key, patch.scope);
  const lock = ctx.tables.locks.get(object);
  if (lock === undefined) patchState(ctx.tables.state, object, patch);
  else wait(ctx, object, lock, create(InboxRowSchema, { patch }));
  answer(ctx, lock === undefined ? "done" : "requested");
}
