// A step was begun. Its result comes as a proposal of the SDK.

import type { RunCommand } from "@perdure/proto/protocol/v1/journal";
import { PendingCompletion_Kind as PendingKind } from "@perdure/proto/storage/v1/records";
import { appendEntry } from "../notify.js";
import { expect } from "../pending.js";
import type { CommandContext } from "./apply-command.js";

export function run({ ctx, draft, entry, command }: CommandContext<RunCommand>): void {
  appendEntry(ctx, draft, entry);
  expect(draft, { completionId: command.completionId, kind: PendingKind.RUN });
}
