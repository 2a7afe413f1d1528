// The handler's code on an attempt: its input read, its context made, its function called.

import { create } from "@bufbuild/protobuf";
import {
  DeploymentFrameSchema,
  type AttemptNumber,
  type DeploymentFrame,
  type Start,
} from "@perdure/proto/protocol/v1/deployment";
import type { Attempt } from "../attempt/attempt.js";
import { handlerSerde } from "../attempt/results.js";
import { createContext } from "../context/create-context.js";
import { createRequest } from "../context/request.js";
import { messageOf, TerminalError } from "../errors.js";

export function runHandler(attempt: Attempt): void {
  const { start, service, handler } = attempt.options;
  attempt.run(async () => {
    const entry = attempt.journal.takeInput();
    if (entry.body.case !== "input") throw new Error("a journal begins with its input");
    const request = createRequest(start, entry.body.value, () => attempt.signal);
    let input: unknown;
    try {
      input = handlerSerde(service, handler, "input").deserialize(request.body);
    } catch (error) {
      throw new TerminalError(`Failed to deserialize input: ${messageOf(error)}`, {
        errorCode: 400,
      });
    }
    return handler.invoke(createContext(attempt, request), input);
  });
}

/** The server believes that this endpoint has a handler that it does not have. */
export function failUnknownHandler(
  streamId: number,
  attempt: AttemptNumber,
  start: Start,
): DeploymentFrame {
  const { service = "", handler = "" } = start.target ?? {};
  const message = `this deployment has no handler ${service}/${handler} any more. Register it again, or deploy the code that has it`;
  return create(DeploymentFrameSchema, {
    streamId,
    attempt,
    frame: { case: "failed", value: { failure: { code: 404, message } } },
  });
}
