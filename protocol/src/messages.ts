// Messages of the hot path, written out. `create` builds them from a schema, which costs more than all the
// rest that is done with a small message; these are the same objects.

import type {
  AttemptNumber,
  Credit,
  DeploymentFrame,
  Drop,
  Fragment,
  ProposeCompletion,
  ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import type {
  Awaiting,
  Awaiting_Combinator as Combinator,
  Completion,
  Entry,
  Failure,
  Header,
  Value,
  Void,
} from "@perdure/proto/protocol/v1/journal";

export function entryOf(name: string, body: Entry["body"]): Entry {
  return { $typeName: "perdure.protocol.v1.Entry", name, body };
}

export function completionOf(completionId: number, result: Completion["result"]): Completion {
  return { $typeName: "perdure.protocol.v1.Completion", completionId, result };
}

export function valueOf(bytes: Uint8Array): Value {
  return { $typeName: "perdure.protocol.v1.Value", content: { case: "inline", value: bytes } };
}

const noBytes = new Uint8Array();

/** The bytes of a value; none where there is no value. */
export function bytesOf(value: Value | undefined): Uint8Array {
  return value?.content.case === "inline" ? value.content.value : noBytes;
}

const nothing: Void = { $typeName: "perdure.protocol.v1.Void" };

/** No value. */
export const voidResult: { readonly case: "void"; readonly value: Void } = {
  case: "void",
  value: nothing,
};

export function proposalOf(
  completionId: number,
  result: ProposeCompletion["result"],
): ProposeCompletion {
  return { $typeName: "perdure.protocol.v1.ProposeCompletion", completionId, result };
}

export function serverFrameOf(
  streamId: number,
  attempt: AttemptNumber,
  frame: ServerFrame["frame"],
  position = 0n,
): ServerFrame {
  return { $typeName: "perdure.protocol.v1.ServerFrame", streamId, attempt, position, frame };
}

/** For those who were given frames before their events were durable. */
export function durableFrameOf(position: bigint): ServerFrame {
  return {
    $typeName: "perdure.protocol.v1.ServerFrame",
    streamId: 0,
    position: 0n,
    frame: { case: "durable", value: { $typeName: "perdure.protocol.v1.Durable", position } },
  };
}

export function deploymentFrameOf(
  streamId: number,
  attempt: AttemptNumber,
  frame: DeploymentFrame["frame"],
): DeploymentFrame {
  return { $typeName: "perdure.protocol.v1.DeploymentFrame", streamId, attempt, frame };
}

/** A piece of a frame that was encoded by itself. */
export function fragmentOf(
  data: Uint8Array,
  last: boolean,
): { readonly case: "fragment"; readonly value: Fragment } {
  return { case: "fragment", value: { $typeName: "perdure.protocol.v1.Fragment", data, last } };
}

/** The other side may send so many bytes more. */
export function creditOf(bytes: number): { readonly case: "credit"; readonly value: Credit } {
  return {
    case: "credit",
    value: { $typeName: "perdure.protocol.v1.Credit", bytes: BigInt(bytes) },
  };
}

/** The attempt is to be dropped, without a word. */
export const drop: { readonly case: "drop"; readonly value: Drop } = {
  case: "drop",
  value: { $typeName: "perdure.protocol.v1.Drop" },
};

export function failureMessage(code: number, message: string, metadata: Header[] = []): Failure {
  return { $typeName: "perdure.protocol.v1.Failure", code, message, metadata };
}

/** A tree that nothing is in yet. */
export function awaitingNothing(combinator: Combinator): Awaiting {
  return {
    $typeName: "perdure.protocol.v1.Awaiting",
    combinator,
    completionIds: [],
    signalIds: [],
    signalNames: [],
    nested: [],
  };
}
