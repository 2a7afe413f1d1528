// Reads of state. An eager read was answered by the SDK; a lazy one is answered here.

import { create } from "@bufbuild/protobuf";
import {
  StateKeysSchema,
  type GetStateCommand,
  type GetStateKeysCommand,
} from "@perdure/proto/protocol/v1/journal";
import { completionOf, voidResult } from "@perdure/protocol/messages";
import { endOfPrefix } from "../keys.js";
import { appendEntry, notifyCompletion } from "../notify.js";
import type { CommandContext } from "./apply-command.js";
import { readableState, stateRowKey } from "./state.js";

export function getState({ ctx, draft, entry, command }: CommandContext<GetStateCommand>): void {
  const object = readableState(draft);
  appendEntry(ctx, draft, entry);
  if (command.eager.case !== undefined) return;
  const value = ctx.tables.state.get(stateRowKey(object, command.key))?.value;
  const { completionId } = command;
  const result = value === undefined ? voidResult : { case: "value" as const, value };
  notifyCompletion(ctx, draft, completionOf(completionId, result));
}

export function getStateKeys({
  ctx,
  draft,
  entry,
  command,
}: CommandContext<GetStateKeysCommand>): void {
  const object = readableState(draft);
  appendEntry(ctx, draft, entry);
  if (command.eager !== undefined) return;
  const rows = ctx.tables.state.scan(object, endOfPrefix(object), Number.MAX_SAFE_INTEGER);
  const value = create(StateKeysSchema, { keys: rows.map((row) => row.value.name) });
  const { completionId } = command;
  const result = { case: "stateKeys" as const, value };
  notifyCompletion(ctx, draft, completionOf(completionId, result));
}
