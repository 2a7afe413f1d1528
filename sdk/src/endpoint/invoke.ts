// One attempt as one request and one response, for runtimes that live from request to request.
//   R1. The response is what the attempt said until it ended, failed, or could only wait.
//   R2. No server accepts a proposal in between, and code goes on only with what is durable. So the response ends as
//       well when nothing but proposals is left to wait for: the server records them, and asks again at once.

import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  InvokeResponseSchema,
  type DeploymentFrame,
  type InvokeRequest,
  type InvokeResponse,
  type Hello,
} from "@perdure/proto/protocol/v1/deployment";
import { commonVersion, protocolVersions } from "@perdure/protocol/versions";
import type { Attempt } from "../attempt/attempt.js";
import { sdkVersion } from "../version.js";
import { atEndOfTurn } from "./macrotask.js";
import { startAttempt, type AttemptEnvironment, type Starting } from "./start-attempt.js";

/**
 * @param signal  the request was given up: what runs is told, and nothing is answered
 * @throws ConnectError  the request is none
 */
export async function invoke(
  request: InvokeRequest,
  environment: AttemptEnvironment,
  hello: Hello,
  signal: AbortSignal,
): Promise<InvokeResponse> {
  checkVersions(request.hello);
  const starting = startingOf(request);
  const frames = await framesOf(starting, environment, signal);
  return create(InvokeResponseSchema, { hello, frames });
}

function framesOf(
  starting: Starting,
  environment: AttemptEnvironment,
  signal: AbortSignal,
): Promise<DeploymentFrame[]> {
  return new Promise((resolve, reject) => {
    const frames: DeploymentFrame[] = [];
    let scheduled = false;
    const started = startAttempt(starting, environment, {
      requestResponse: true,
      earlyResults: false,
      gateOpen: true,
      send: (frame) => {
        frames.push(frame);
        if (frame.frame.case !== "waiting") return;
        resolve(frames);
        started?.attempt.drop();
      },
      touched: (attempt: Attempt) => {
        if (scheduled) return;
        scheduled = true;
        atEndOfTurn(() => {
          scheduled = false;
          attempt.endOfTurn();
        });
      },
      ended: () => {
        signal.removeEventListener("abort", abort);
        resolve(frames);
      },
    });
    function abort(): void {
      reject(new ConnectError("the request was given up", Code.Canceled));
      started?.attempt.drop();
    }
    if (started === undefined) return resolve(frames);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort);
    started.begin();
  });
}

function startingOf({ frames }: InvokeRequest): Starting {
  const [frame, ...rest] = frames;
  if (frame?.frame.case !== "start" || frame.attempt === undefined) {
    throw new ConnectError("the first frame of an Invoke must be a Start", Code.InvalidArgument);
  }
  const start = frame.frame.value;
  const entries = [...start.entries];
  for (const { frame: more } of rest) {
    if (more.case === "startEntries") entries.push(...more.value.entries);
  }
  if (entries.length < start.knownEntries) {
    throw new ConnectError(
      `the journal has ${String(start.knownEntries)} entries, and ${String(entries.length)} came`,
      Code.InvalidArgument,
    );
  }
  return { frame, start, entries };
}

/** @throws ConnectError  where the server speaks none of our versions */
export function checkVersions(
  theirs: { readonly minProtocolVersion: number; readonly maxProtocolVersion: number } | undefined,
): void {
  if (theirs === undefined) return;
  const { minProtocolVersion: min, maxProtocolVersion: max } = theirs;
  if (commonVersion(protocolVersions, { min, max }) !== undefined) return;
  throw new ConnectError(
    `this endpoint (${sdkVersion}) speaks protocol versions ${String(protocolVersions.min)} to ${String(protocolVersions.max)}, the server ${String(min)} to ${String(max)}. Update the older one of the two`,
    Code.FailedPrecondition,
  );
}
