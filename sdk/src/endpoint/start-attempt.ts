// From a Start frame, whichever way it came, to an attempt that runs.

import type { DeploymentFrame, ServerFrame, Start } from "@perdure/proto/protocol/v1/deployment";
import type { Entry } from "@perdure/proto/protocol/v1/journal";
import { Attempt, type AttemptOptions } from "../attempt/attempt.js";
import { createCodedAttempt } from "../attempt/coded-attempt.js";
import type { ResolvedEndpoint } from "./resolve-endpoint.js";
import { failUnknownHandler, runHandler } from "./run-handler.js";

/** What attempts of one endpoint have in common. */
export type AttemptEnvironment = Pick<ResolvedEndpoint, "services" | "logger"> &
  Partial<ResolvedEndpoint>;

/** Start, and all the entries that it announced. */
export interface Starting {
  readonly frame: ServerFrame;
  readonly start: Start;
  readonly entries: Entry[];
}

export type AttemptCallbacks = Pick<
  AttemptOptions,
  "send" | "touched" | "ended" | "requestResponse" | "earlyResults" | "gateOpen"
>;

/**
 * Makes the attempt; `begin` runs its code, once the attempt is known to whoever asked.
 * @returns undefined where this endpoint has no such handler; the attempt has failed then
 */
export function startAttempt(
  { frame, start, entries }: Starting,
  { services, logger, codec, callees, now = Date.now }: AttemptEnvironment,
  callbacks: AttemptCallbacks,
): { readonly attempt: Attempt; readonly begin: () => void } | undefined {
  const { streamId, attempt: number } = frame;
  if (number === undefined) return undefined;
  const service = services.get(start.target?.service ?? "");
  const handler = service?.handlers.get(start.target?.handler ?? "");
  if (service === undefined || handler === undefined) {
    const failed: DeploymentFrame = failUnknownHandler(streamId, number, start);
    callbacks.send(failed);
    return undefined;
  }
  const { send, touched, ended, requestResponse, earlyResults, gateOpen } = callbacks;
  const options: AttemptOptions = {
    start,
    entries,
    streamId,
    number,
    service,
    handler,
    logger,
    callees,
    now,
    send,
    touched,
    ended,
    requestResponse,
    earlyResults,
    gateOpen,
  };
  if (codec !== undefined) {
    const coded = createCodedAttempt(options, codec);
    const begin = (): void => {
      coded.whenDecoded(() => {
        runHandler(coded);
      });
    };
    return { attempt: coded, begin };
  }
  const attempt = new Attempt(options);
  return {
    attempt,
    begin: () => {
      runHandler(attempt);
    },
  };
}
