// Events as bodies of log records. The record's kind is the number of the event's field in Event.

import { EventSchema } from "@perdure/proto/storage/v1/events";
import { decode, encodeParts, type Codec } from "@perdure/proto/wire";
import {
  AppendedCodec,
  AttemptLostCodec,
  BehaviorRaisedCodec,
  CancelledCodec,
  DeliveredCodec,
  DeploymentRegisteredCodec,
  DeploymentRemovedCodec,
  FailedCodec,
  KilledCodec,
  MessageReceivedCodec,
  OpenedCodec,
  PausedCodec,
  PurgedCodec,
  RestartedCodec,
  ResumedCodec,
  RulesChangedCodec,
  RulesReplacedCodec,
  SignalledCodec,
  StatePatchedCodec,
  SubmittedCodec,
  SuspendedCodec,
  SweptCodec,
  TimersDueCodec,
} from "@perdure/proto/wire/storage/v1/events";
import { invariant } from "@perdure/protocol/assert";
import type { EventBody } from "../core/apply.js";

type Name = EventBody["case"];
type ValueOf<N extends Name> = Extract<EventBody, { readonly case: N }>["value"];

const codecs: { readonly [N in Name]: Codec<ValueOf<N>> } = {
  opened: OpenedCodec,
  submitted: SubmittedCodec,
  appended: AppendedCodec,
  suspended: SuspendedCodec,
  failed: FailedCodec,
  attemptLost: AttemptLostCodec,
  timersDue: TimersDueCodec,
  messageReceived: MessageReceivedCodec,
  delivered: DeliveredCodec,
  signalled: SignalledCodec,
  swept: SweptCodec,
  behaviorRaised: BehaviorRaisedCodec,
  deploymentRegistered: DeploymentRegisteredCodec,
  resumed: ResumedCodec,
  cancelled: CancelledCodec,
  killed: KilledCodec,
  paused: PausedCodec,
  restarted: RestartedCodec,
  purged: PurgedCodec,
  statePatched: StatePatchedCodec,
  rulesReplaced: RulesReplacedCodec,
  deploymentRemoved: DeploymentRemovedCodec,
  rulesChanged: RulesChangedCodec,
};

interface Kind {
  readonly number: number;
  readonly name: Name;
  readonly codec: Codec<EventBody["value"]>;
}

const kinds: readonly Kind[] = EventSchema.fields.map(({ number, localName }) => {
  const name = localName as Name;
  return { number, name, codec: codecs[name] as Kind["codec"] };
});
const byName = new Map(kinds.map((kind) => [kind.name, kind]));
const byNumber = new Map(kinds.map((kind) => [kind.number, kind]));

export interface EncodedEvent {
  readonly kind: number;
  /** Shares memory with the bodies of other events: for the log, which copies it. */
  readonly body: Uint8Array;
  /** The rest of it, where it has large values: those of the event, which never change. */
  readonly more?: readonly Uint8Array[];
}

export function encodeEvent(event: EventBody): EncodedEvent {
  const kind = byName.get(event.case);
  invariant(kind !== undefined, `"${event.case}" is an event`);
  const [body, ...more] = encodeParts(kind.codec, event.value);
  return more.length === 0 ? { kind: kind.number, body } : { kind: kind.number, body, more };
}

/** Undefined for an event that this release does not know. */
export function decodeEvent(kind: number, body: Uint8Array): EventBody | undefined {
  const known = byNumber.get(kind);
  if (known === undefined) return undefined;
  return { case: known.name, value: decode(known.codec, body) } as EventBody;
}
