// The handler's code on an attempt: its hooks made, its input read, its context made, its function called, its
// output written.

import { create } from "@bufbuild/protobuf";
import {
  DeploymentFrameSchema,
  type AttemptNumber,
  type DeploymentFrame,
  type Start,
} from "@perdure/proto/protocol/v1/deployment";
import type { Entry, InputCommand } from "@perdure/proto/protocol/v1/journal";
import { errorMessage } from "@perdure/protocol/error-message";
import type { Attempt } from "../attempt/attempt.js";
import { interceptorsOf, untilOver } from "../attempt/interceptors.js";
import { readableBytes } from "../attempt/readers.js";
import { handlerSerde, outputEntry } from "../attempt/results.js";
import type { Request } from "../context/context.js";
import { createContext } from "../context/create-context.js";
import { createRequest } from "../context/request.js";
import { TerminalError } from "../errors.js";
import { CodecError } from "../serde/codec-source.js";

const nextCalledTwice =
  "a handler interceptor may call next() once for each attempt: the handler can't run twice on one journal (PDR2023)";

export function runHandler(attempt: Attempt): void {
  const { start, service, handler } = attempt.options;
  attempt.run(async () => {
    const entry = attempt.journal.takeInput();
    if (entry.body.case !== "input") throw new Error("a journal begins with its input");
    const input = entry.body.value;
    let made: Request | undefined;
    // Few handlers ask for it.
    const requestOf = (): Request => {
      made ??= createRequest(start, input, () => attempt.signal);
      return made;
    };
    const ofService = service.options.hooks ?? [];
    const ofHandler = handler.options.hooks ?? [];
    if (ofService.length === 0 && ofHandler.length === 0) return invoke(attempt, requestOf, input);
    const interceptors = interceptorsOf([...ofService, ...ofHandler], requestOf());
    attempt.interceptRun = interceptors.run;
    if (interceptors.handler === undefined) return invoke(attempt, requestOf, input);
    let output: Entry["body"] | undefined;
    let called = false;
    await interceptors.handler(() =>
      untilOver(attempt, async () => {
        if (called) throw new TypeError(nextCalledTwice);
        called = true;
        output = await invoke(attempt, requestOf, input);
      }),
    );
    // Where an interceptor kept the handler's error to itself, the handler gave nothing.
    return output ?? outputEntry(service, handler, undefined);
  });
}

async function invoke(
  attempt: Attempt,
  requestOf: () => Request,
  { value }: InputCommand,
): Promise<Entry["body"]> {
  const { service, handler } = attempt.options;
  let input: unknown;
  try {
    input = handlerSerde(service, handler, "input").deserialize(readableBytes(value));
  } catch (error) {
    const what =
      error instanceof CodecError
        ? "Failed to decode input using journal value codec"
        : "Failed to deserialize input";
    throw new TerminalError(`${what}: ${errorMessage(error)}`, { errorCode: 400, cause: error });
  }
  const output = await handler.invoke(createContext(attempt, requestOf), input);
  return outputEntry(service, handler, output);
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
