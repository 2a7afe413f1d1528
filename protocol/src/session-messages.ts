// The messages of a session as bytes, and single frames (a fragmented frame is one that was encoded by itself).
//   S1. What is encoded is a view of memory that other messages share: to be sent soon, not to be transferred.
//   S2. What is decoded shares memory with the bytes that it came from.

import type {
  DeploymentFrame,
  ServerFrame,
  SessionRequest,
  SessionResponse,
} from "@perdure/proto/protocol/v1/deployment";
import { decode, encode, encodeParts, type Parts } from "@perdure/proto/wire";
import {
  DeploymentFrameCodec,
  ServerFrameCodec,
  SessionRequestCodec,
  SessionResponseCodec,
} from "@perdure/proto/wire/protocol/v1/deployment";

/** @param head  bytes left free in front, for whoever frames the message */
export function encodeSessionRequest(frames: ServerFrame[], head = 0): Uint8Array {
  return encode(SessionRequestCodec, requestOf(frames), head);
}

/** In parts, of which large ones are the fragments' own data. */
export function encodeSessionRequestParts(frames: ServerFrame[], head = 0): Parts {
  return encodeParts(SessionRequestCodec, requestOf(frames), head);
}

/** @throws Error  the bytes are no such message; so all others that decode */
export function decodeSessionRequest(bytes: Uint8Array): ServerFrame[] {
  return decode(SessionRequestCodec, bytes).frames;
}

/** @param head  bytes left free in front, for whoever frames the message */
export function encodeSessionResponse(frames: DeploymentFrame[], head = 0): Uint8Array {
  return encode(SessionResponseCodec, responseOf(frames), head);
}

/** In parts, of which large ones are the fragments' own data. */
export function encodeSessionResponseParts(frames: DeploymentFrame[], head = 0): Parts {
  return encodeParts(SessionResponseCodec, responseOf(frames), head);
}

export function decodeSessionResponse(bytes: Uint8Array): DeploymentFrame[] {
  return decode(SessionResponseCodec, bytes).frames;
}

export function encodeServerFrame(frame: ServerFrame): Uint8Array {
  return encode(ServerFrameCodec, frame);
}

/** In parts, of which large ones are the frame's own values. */
export function encodeServerFrameParts(frame: ServerFrame): Parts {
  return encodeParts(ServerFrameCodec, frame);
}

export function decodeServerFrame(bytes: Uint8Array): ServerFrame {
  return decode(ServerFrameCodec, bytes);
}

export function encodeDeploymentFrame(frame: DeploymentFrame): Uint8Array {
  return encode(DeploymentFrameCodec, frame);
}

export function decodeDeploymentFrame(bytes: Uint8Array): DeploymentFrame {
  return decode(DeploymentFrameCodec, bytes);
}

function requestOf(frames: ServerFrame[]): SessionRequest {
  return { $typeName: "perdure.protocol.v1.SessionRequest", frames };
}

function responseOf(frames: DeploymentFrame[]): SessionResponse {
  return { $typeName: "perdure.protocol.v1.SessionResponse", frames };
}
