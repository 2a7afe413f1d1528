// Timers fire not early, and not late while there is a server that works. By event time, which is what timers are made of.

import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import type { Checker, CheckerContext } from "../history.js";

/** How late a timer may be while the server serves: others may be due at the same time. */
const lateMsMax = 5_000;

export function timersInTime({ durable, offend }: CheckerContext): Checker {
  const sleeps = new Map<string, number>();
  const known = new Set<string>();
  const starts = new Map<string, number>();
  let servingSince = 0;

  const fired = (what: string, due: number, timeMs: number): void => {
    if (timeMs < due) offend(`${what} fired ${due - timeMs} ms early`);
    const late = timeMs - Math.max(due, servingSince);
    if (late > lateMsMax) offend(`${what} fired ${late} ms late`);
  };

  const answered = (runId: string, completionId: string): boolean =>
    durable.journal(runId).some(({ body }) => {
      return body.case === "completion" && String(body.value.completionId) === completionId;
    });

  return {
    name: "timers fire not early, and are not lost",
    check(fact): void {
      if (fact.kind === "serving") servingSince = Math.max(servingSince, fact.timeMs);
      if (fact.kind === "end") {
        // Event time may be drawn to a clock that is behind it.
        const nowMs = servingSince + 0.9 * fact.servedMs;
        for (const [key, due] of [...sleeps, ...starts]) {
          const [runId = "", id = "its start"] = key.split(" ");
          const status = durable.invocation(runId)?.status;
          if (status === InvocationStatus.COMPLETED || due + lateMsMax > nowMs) continue;
          if (answered(runId, id)) continue;
          offend(`${id} of ${runId} was due ${nowMs - due} ms ago, and is lost`);
        }
      }
      if (fact.kind !== "durable") return;
      const { event, timeMs, created } = fact;
      // Of several workers one may go on before all serve.
      if (event.case === "opened") servingSince = Math.max(servingSince, timeMs);
      const invocation = created === undefined ? undefined : durable.invocation(created);
      if (created !== undefined && invocation !== undefined && invocation.dueAt > timeMs) {
        starts.set(created, invocation.dueAt);
      }
      if (event.case === "restarted" && created !== undefined) {
        // What it has taken over has its answers.
        for (const { body } of durable.journal(created)) {
          if (body.case === "sleep") known.add(`${created} ${body.value.completionId}`);
        }
      }
      if (event.case === "appended") {
        const { runId, items } = event.value;
        const due = starts.get(runId);
        if (due !== undefined && timeMs < due) offend(`${runId} began ${due - timeMs} ms early`);
        if (!items.some(({ item }) => item.case === "command" && item.value.body.case === "sleep"))
          return;
        for (const { body } of durable.journal(runId)) {
          if (body.case !== "sleep") continue;
          const key = `${runId} ${body.value.completionId}`;
          if (known.has(key)) continue;
          known.add(key);
          sleeps.set(key, Number(body.value.wakeUpTimeMs));
        }
      }
      if (event.case !== "timersDue") return;
      for (const [key, due] of sleeps) {
        const [runId = "", completionId] = key.split(" ");
        if (!answered(runId, completionId ?? "")) continue;
        sleeps.delete(key);
        fired(`sleep ${completionId} of ${runId}`, due, timeMs);
      }
      for (const [runId, due] of starts) {
        const status = durable.invocation(runId)?.status;
        if (status === InvocationStatus.SCHEDULED) continue;
        starts.delete(runId);
        // One that was cancelled or killed never starts.
        if (status !== InvocationStatus.COMPLETED) fired(`the start of ${runId}`, due, timeMs);
      }
    },
  };
}
