import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  DeploymentFrameSchema,
  ServerFrameSchema,
  SessionRequestSchema,
  SessionResponseSchema,
} from "@perdure/proto/protocol/v1/deployment";
import { describe, expect, it } from "vitest";
import {
  decodeDeploymentFrame,
  decodeServerFrame,
  decodeSessionRequest,
  decodeSessionResponse,
  encodeDeploymentFrame,
  encodeServerFrame,
  encodeSessionRequest,
  encodeSessionResponse,
} from "./session-messages.js";

const attempt = { epoch: 3, counter: 7 };
const toServer = [
  create(DeploymentFrameSchema, { streamId: 1, attempt, frame: { case: "draining", value: {} } }),
  create(DeploymentFrameSchema, {
    streamId: 2,
    attempt,
    frame: { case: "command", value: { name: "step", body: { case: "run", value: {} } } },
  }),
];
const toDeployment = [
  create(ServerFrameSchema, { streamId: 1, attempt, frame: { case: "drop", value: {} } }),
  create(ServerFrameSchema, {
    position: 9n,
    frame: { case: "start", value: { runId: "1", knownEntries: 0 } },
  }),
];

describe("a message of a session", () => {
  it("is read by whoever has only the contract", () => {
    expect(fromBinary(SessionRequestSchema, encodeSessionRequest(toDeployment)).frames).toEqual(
      toDeployment,
    );
    expect(fromBinary(SessionResponseSchema, encodeSessionResponse(toServer)).frames).toEqual(
      toServer,
    );
  });

  it("may be written by whoever has only the contract", () => {
    const request = create(SessionRequestSchema, { frames: toDeployment });
    expect(decodeSessionRequest(toBinary(SessionRequestSchema, request))).toEqual(toDeployment);
    const response = create(SessionResponseSchema, { frames: toServer });
    expect(decodeSessionResponse(toBinary(SessionResponseSchema, response))).toEqual(toServer);
  });

  it("leaves room for its frame", () => {
    for (const bytes of [encodeSessionRequest(toDeployment, 5), encodeSessionResponse([], 5)]) {
      expect(bytes.length).toBeGreaterThanOrEqual(5);
    }
    expect(decodeSessionRequest(encodeSessionRequest(toDeployment, 5).subarray(5))).toEqual(
      toDeployment,
    );
    expect(decodeSessionResponse(encodeSessionResponse(toServer, 5).subarray(5))).toEqual(toServer);
  });
});

it("a single frame is read as it was written", () => {
  expect(toDeployment.map(encodeServerFrame).map(decodeServerFrame)).toEqual(toDeployment);
  expect(toServer.map(encodeDeploymentFrame).map(decodeDeploymentFrame)).toEqual(toServer);
});
