// The one switch from journal command to handler. Each handler checks its command, appends it to the
// journal and does what it asks for.

import type { Entry } from "@perdure/proto/protocol/v1/journal";
import type { CalleeFacts } from "@perdure/proto/storage/v1/events";
import { CommandRejected, type ApplyContext, type Draft } from "../context.js";
import type { OutputResult } from "../effect.js";
import { attach, getOutput } from "./attach.js";
import { call } from "./call.js";
import { output } from "./output.js";
import { completePromise, getPromise, peekPromise } from "./promise.js";
import { run } from "./run.js";
import { send } from "./send.js";
import { cancel, completeAwakeable, sendSignal } from "./signal.js";
import { sleep } from "./sleep.js";
import { getState, getStateKeys } from "./state-get.js";
import { clearAllState, clearState, setState } from "./state-set.js";

/** A command as its handler gets it. */
export interface CommandContext<C> {
  readonly ctx: ApplyContext;
  readonly draft: Draft;
  readonly entry: Entry;
  readonly command: C;
  /** Who is meant, for commands that reach another invocation. */
  readonly callee: CalleeFacts | undefined;
}

/** Applies a command. Returns the result if it was the Output command. */
export function applyCommand(
  ctx: ApplyContext,
  draft: Draft,
  entry: Entry,
  callee: CalleeFacts | undefined,
): OutputResult | undefined {
  const { body } = entry;
  const of = <C>(command: C): CommandContext<C> => ({ ctx, draft, entry, command, callee });
  switch (body.case) {
    case "output":
      return output(of(body.value));
    case "run":
      run(of(body.value));
      break;
    case "sleep":
      sleep(of(body.value));
      break;
    case "getState":
      getState(of(body.value));
      break;
    case "getStateKeys":
      getStateKeys(of(body.value));
      break;
    case "setState":
      setState(of(body.value));
      break;
    case "clearState":
      clearState(of(body.value));
      break;
    case "clearAllState":
      clearAllState(of(body.value));
      break;
    case "getPromise":
      getPromise(of(body.value));
      break;
    case "peekPromise":
      peekPromise(of(body.value));
      break;
    case "completePromise":
      completePromise(of(body.value));
      break;
    case "call":
      call(of(body.value));
      break;
    case "send":
      send(of(body.value));
      break;
    case "attach":
      attach(of(body.value));
      break;
    case "getOutput":
      getOutput(of(body.value));
      break;
    case "completeAwakeable":
      completeAwakeable(of(body.value));
      break;
    case "sendSignal":
      sendSignal(of(body.value));
      break;
    case "cancel":
      cancel(of(body.value));
      break;
    case "input":
    case "completion":
    case "signal":
    case undefined:
      throw new CommandRejected("PDR2005", `a deployment may not append "${String(body.case)}"`);
  }
  return undefined;
}
