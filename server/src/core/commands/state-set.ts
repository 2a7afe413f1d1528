// Writes of state. A write and the journal entry that asks for it are one event: they can't differ.

import { create } from "@bufbuild/protobuf";
import {
  ValueSchema,
  type ClearAllStateCommand,
  type ClearStateCommand,
  type SetStateCommand,
} from "@perdure/proto/protocol/v1/journal";
import { clear } from "../clear.js";
import { appendEntry } from "../notify.js";
import { stateRow } from "../rows.js";
import type { CommandContext } from "./apply-command.js";
import { stateRowKey, writableState } from "./state.js";

export function setState({ ctx, draft, entry, command }: CommandContext<SetStateCommand>): void {
  const object = writableState(draft);
  appendEntry(ctx, draft, entry);
  const { key: name, value = create(ValueSchema) } = command;
  ctx.tables.state.put(stateRowKey(object, name), stateRow(name, value));
}

export function clearState({
  ctx,
  draft,
  entry,
  command,
}: CommandContext<ClearStateCommand>): void {
  const object = writableState(draft);
  appendEntry(ctx, draft, entry);
  ctx.tables.state.delete(stateRowKey(object, command.key));
}

export function clearAllState({ ctx, draft, entry }: CommandContext<ClearAllStateCommand>): void {
  const object = writableState(draft);
  appendEntry(ctx, draft, entry);
  clear(ctx.tables.state, object);
}
