// Who is meant by a command that reaches another invocation: the facts that only the registry and the dice
// know, and that the core needs with the event.

import { HandlerKind, ServiceKind } from "@perdure/proto/manifest/v1/manifest";
import type {
  CallCommand,
  Entry,
  InvocationReference,
  SendCommand,
} from "@perdure/proto/protocol/v1/journal";
import type { CalleeFacts } from "@perdure/proto/storage/v1/events";
import { parseAwakeableId } from "@perdure/protocol/awakeable-id";
import { isInvocationId, partitionOfInvocationId } from "@perdure/protocol/ids";
import { keyBytesMax } from "@perdure/protocol/limits";
import { isLimitKey, isScopePart } from "@perdure/protocol/scope";
import type { Placement } from "../shard/placement.js";
import type { RegistryView } from "../shard/registry-view.js";
import { resolveTarget } from "../shard/callers.js";
import { identify, randomSeed } from "../shard/identity.js";
import type { RetentionDefaults } from "../shard/retention.js";

/** A command can't be carried out: the attempt fails and is tried again. */
export class CalleeUnknown extends Error {
  override readonly name = "CalleeUnknown";
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface CalleeContext {
  readonly view: RegistryView;
  readonly retention: RetentionDefaults;
  readonly nowMs: number;
  /** What has no place of its own is run with its caller. */
  readonly placement: Placement;
}

/**
 * The facts for a command; undefined for commands that reach nobody.
 * @throws CalleeUnknown
 */
export function calleeFacts(context: CalleeContext, entry: Entry): CalleeFacts | undefined {
  const { body } = entry;
  switch (body.case) {
    case "call":
    case "send":
      return invoked(context, body.value);
    case "attach":
    case "getOutput":
      return existing(referencedId(body.value.target, context.nowMs));
    case "sendSignal":
    case "cancel":
      return existing(body.value.invocationId);
    case "completeAwakeable":
      return existing(parseAwakeableId(body.value.awakeableId)?.invocationId ?? "");
    default:
      return undefined;
  }
}

function invoked(context: CalleeContext, command: CallCommand | SendCommand): CalleeFacts {
  const { target, idempotencyKey } = command;
  const service = context.view.services.get(target?.service ?? "");
  const handler = service?.handlers.get(target?.handler ?? "");
  const name = `${target?.service ?? ""}/${target?.handler ?? ""}`;
  if (service === undefined || handler === undefined) {
    throw new CalleeUnknown(
      "PDR2009",
      `${name} is called, but no deployment that is registered offers it. Register one; the invocation goes on then`,
    );
  }
  const key = target?.key;
  if ((key !== undefined) !== (service.service.kind !== ServiceKind.SERVICE)) {
    throw new CalleeUnknown(
      "PDR2010",
      `${name} is called ${key === undefined ? "without" : "with"} a key, but it is ${key === undefined ? "keyed" : "a plain service"}`,
    );
  }
  if (Buffer.byteLength(key ?? "") > keyBytesMax) {
    throw new CalleeUnknown(
      "PDR2010",
      `the key for ${name} has more than ${String(keyBytesMax)} bytes`,
    );
  }
  checkLimits(target?.scope, target?.limitKey);
  const byKey = idempotencyKey !== undefined && handler.kind !== HandlerKind.RUN;
  const identity = identify(
    {
      service: service.service.name,
      handler,
      key,
      idempotencyKey: byKey ? idempotencyKey : undefined,
      scope: target?.scope,
    },
    context.nowMs,
    context.placement.isHere,
  );
  return {
    $typeName: "perdure.storage.v1.CalleeFacts",
    partition: identity.partition,
    id: identity.id,
    runId: identity.runId,
    randomSeed: randomSeed(),
    target: resolveTarget(
      service.service,
      handler,
      { key, scope: target?.scope, limitKey: target?.limitKey },
      byKey,
      context.retention,
    ),
  };
}

/** Both become keys of the store as they are. SDKs check them; whoever speaks the protocol may not. */
function checkLimits(scope: string | undefined, limitKey: string | undefined): void {
  if (scope !== undefined && !isScopePart(scope)) {
    throw new CalleeUnknown("PDR2014", `a call has a bad scope: ${shown(scope)}`);
  }
  if (limitKey === undefined) return;
  if (scope === undefined || !isLimitKey(limitKey)) {
    const why = scope === undefined ? "without a scope" : "that is none";
    throw new CalleeUnknown("PDR2014", `a call has a limit key ${why}: ${shown(limitKey)}`);
  }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 40));
}

function existing(id: string): CalleeFacts {
  if (!isInvocationId(id)) {
    throw new CalleeUnknown("PDR2008", `"${id}" is no invocation id`);
  }
  return {
    $typeName: "perdure.storage.v1.CalleeFacts",
    partition: partitionOfInvocationId(id),
    id,
    runId: "",
    randomSeed: 0n,
  };
}

function referencedId(target: InvocationReference | undefined, nowMs: number): string {
  const reference = target?.reference;
  switch (reference?.case) {
    case "invocationId":
      return reference.value;
    case "workflow": {
      const { workflow: service, key, scope } = reference.value;
      const handler = { name: "run", kind: HandlerKind.RUN };
      return identify({ service, handler, key, idempotencyKey: undefined, scope }, nowMs).id;
    }
    case "idempotent": {
      const { service, key, handler: name, idempotencyKey, scope } = reference.value;
      const handler = { name, kind: HandlerKind.SHARED };
      return identify({ service, handler, key, idempotencyKey, scope }, nowMs).id;
    }
    case undefined:
      return "";
  }
}
