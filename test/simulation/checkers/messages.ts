// Messages arrive exactly once. Each request of a caller makes one invocation at most, however often it is asked again
// under its key, as long as that is kept; each call and each send that is recorded makes one (or meets the one that its key names); and no other
// invocation exists.

import { create } from "@bufbuild/protobuf";
import { InvokeMessageSchema } from "@perdure/proto/storage/v1/records";
import type { Checker, CheckerContext } from "../history.js";

export function messagesOnce({ durable, offend }: CheckerContext): Checker {
  /** Runs that were asked for by a recorded call or send, and those that came of it. */
  const asked = new Set<string>();
  const named = new Set<string>();
  const created = new Set<string>();
  const gone = new Set<string>();
  /** The invocation that each request has made last. */
  const requests = new Map<string, string>();
  return {
    name: "messages arrive exactly once",
    check(fact): void {
      if (fact.kind === "durable") {
        const { event, forgotten } = fact;
        for (const { runId, what } of forgotten) if (what === "invocation") gone.add(runId);
        if (event.case === "appended") {
          const { items } = event.value;
          for (const { item, callee } of items) {
            const body = item.case === "command" ? item.value.body : undefined;
            if (body?.case !== "call" && body?.case !== "send") continue;
            if (callee === undefined) continue;
            const isNamed =
              body.value.idempotencyKey !== undefined ||
              (body.value.target?.service === "Flow" && body.value.target.handler === "run");
            (isNamed ? named : asked).add(isNamed ? callee.id : callee.runId);
          }
        }
        if (fact.created !== undefined && event.case === "submitted") {
          const request = event.value.invocation?.headers.find(({ name }) => name === "request");
          const { value: number = "" } = request ?? {};
          const before = requests.get(number);
          const isKept = before !== undefined && !gone.has(before);
          const isNamed = event.value.invocation?.id.endsWith(fact.created) === false;
          // What is not kept any more is not known to have been: a key of it is a new one.
          if (number === "" || isKept || (before !== undefined && !isNamed)) {
            offend(`request ${number} was accepted twice`);
          }
          requests.set(number, fact.created);
        }
        if (fact.created === undefined || event.case !== "messageReceived") return;
        const { message } = event.value.message ?? {};
        const invoke = message?.case === "invoke" ? message.value : create(InvokeMessageSchema);
        if (created.has(fact.created)) offend(`${fact.created} was accepted twice`);
        created.add(fact.created);
        if (!asked.has(fact.created) && !named.has(invoke.id)) {
          offend(`${invoke.id} exists, and no recorded call or send asked for it`);
        }
      }
      if (fact.kind === "end" && fact.idle) {
        for (const runId of asked) {
          if (!created.has(runId)) offend(`${runId} was called or sent, and never came to be`);
        }
        for (const id of named) {
          if (durable.lives(id).length === 0) {
            offend(`${id} was called or sent, and never came to be`);
          }
        }
      }
    },
  };
}
