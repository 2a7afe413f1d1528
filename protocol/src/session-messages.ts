// The messages of a session as bytes, and single frames (a fragmented frame is one that was encoded by itself).
// What is decoded shares memory with the bytes that it came from.

import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  DeploymentFrameSchema,
  ServerFrameSchema,
  SessionRequestSchema,
  SessionResponseSchema,
  type DeploymentFrame,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";

/** @param head  bytes left free in front, for whoever frames the message */
export function encodeSessionRequest(frames: ServerFrame[], head = 0): Uint8Array {
  const message = { $typeName: "perdure.protocol.v1.SessionRequest" as const, frames };
  return behind(head, toBinary(SessionRequestSchema, message));
}

export function decodeSessionRequest(bytes: Uint8Array): ServerFrame[] {
  return fromBinary(SessionRequestSchema, bytes).frames;
}

/** @param head  bytes left free in front, for whoever frames the message */
export function encodeSessionResponse(frames: DeploymentFrame[], head = 0): Uint8Array {
  const message = { $typeName: "perdure.protocol.v1.SessionResponse" as const, frames };
  return behind(head, toBinary(SessionResponseSchema, message));
}

export function decodeSessionResponse(bytes: Uint8Array): DeploymentFrame[] {
  return fromBinary(SessionResponseSchema, bytes).frames;
}

export function encodeServerFrame(frame: ServerFrame): Uint8Array {
  return toBinary(ServerFrameSchema, frame);
}

export function decodeServerFrame(bytes: Uint8Array): ServerFrame {
  return fromBinary(ServerFrameSchema, bytes);
}

export function encodeDeploymentFrame(frame: DeploymentFrame): Uint8Array {
  return toBinary(DeploymentFrameSchema, frame);
}

export function decodeDeploymentFrame(bytes: Uint8Array): DeploymentFrame {
  return fromBinary(DeploymentFrameSchema, bytes);
}

function behind(head: number, message: Uint8Array): Uint8Array {
  if (head === 0) return message;
  const bytes = new Uint8Array(head + message.length);
  bytes.set(message, head);
  return bytes;
}
