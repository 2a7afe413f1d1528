// Bugs that are put in on purpose, by name. Each breaks one promise, and shows that the checker of that promise can fail.

import { create } from "@bufbuild/protobuf";
import type { Entry } from "@perdure/proto/protocol/v1/journal";
import type { ServerFrame } from "@perdure/proto/protocol/v1/deployment";
import { HandlerKind } from "@perdure/proto/manifest/v1/manifest";
import { SubmittedSchema } from "@perdure/proto/storage/v1/events";
import {
  type Engine,
  type EventBody,
  type EventLog,
  type LogRecord,
  type Registry,
  type RegistryView,
  type Shard,
  type Watched,
} from "@perdure/server/simulation-kit";
import { emptyPatches, forgetLimitQueues, ignoreRules, reverseInboxes } from "./broken-tables.js";
import type { Random } from "./machine/random.js";
import type { Tampering } from "./machine/server-process.js";

interface Canary {
  /** The beginning of the name of the checker that must see it. */
  readonly checker: string;
  readonly tampering: (random: Random) => Tampering;
}

/** Changes events on their way to the shard; undefined: they get lost. */
function events(
  change: (event: EventBody, shard: Shard, partition: number) => EventBody | undefined,
): Tampering {
  return {
    started: (shard) => {
      const enqueue = shard.enqueue.bind(shard);
      shard.enqueue = (partition, event, options) => {
        const changed = change(event, shard, partition);
        if (changed !== undefined) enqueue(partition, changed, options);
      };
    },
  };
}

function starts(change: (entries: Entry[]) => Entry[]): NonNullable<Tampering["frame"]> {
  return (sent): ServerFrame => {
    const { frame } = sent;
    if (frame.case !== "start") return sent;
    const entries = change(frame.value.entries);
    const value = { ...frame.value, entries, knownEntries: entries.length };
    return { ...sent, frame: { case: "start", value } };
  };
}

const canariesByName = {
  "early-acknowledgement": {
    checker: "nothing leaves before it is durable",
    tampering: () => ({
      engine: ({ callers }: Engine) => {
        const submit = callers.submit.bind(callers);
        callers.submit = (request) => {
          const { service, handler, key, idempotencyKey, scope } = request;
          const submitted = submit(request);
          if (idempotencyKey === undefined) return submitted;
          const invocationId = callers.idOf({
            kind: "idempotent",
            service: service.service.name,
            handler: handler.name,
            key,
            idempotencyKey,
            scope,
          });
          return Promise.resolve({ invocationId, accepted: true, executionTimeMs: undefined });
        };
      },
    }),
  },
  "effects-before-sync": {
    checker: "a closure begins only when",
    tampering: () => ({ log: withoutWaiting }),
  },
  "lost-failure": {
    checker: "accepted work completes",
    tampering: (random) =>
      events((event) => (event.case === "failed" && random.chance(0.3) ? undefined : event)),
  },
  "made-up-result": {
    checker: "results are those that the program allows",
    tampering: (random) =>
      events((event) => {
        if (event.case !== "appended" || !random.chance(0.2)) return event;
        for (const { item } of event.value.items) {
          const result = item.case === "proposal" ? item.value.result : undefined;
          if (result?.case !== "value" || result.value.content.case !== "inline") continue;
          result.value.content.value = new TextEncoder().encode('"made up"');
        }
        return event;
      }),
  },
  "forgotten-step": {
    checker: "a recorded step is never executed again",
    tampering: () => ({ frame: starts((entries) => entries.slice(0, 1)) }),
  },
  "no-lock": {
    checker: "locks exclude",
    tampering: () =>
      events((event) => {
        const { target, parameter } =
          event.case === "submitted" ? (event.value.invocation ?? {}) : {};
        if (target?.target?.handler !== "own" || parameter?.content.case !== "inline") return event;
        // A shared handler that wrote state would be found out by the core.
        const program = new TextDecoder().decode(parameter.content.value);
        if (!/"op":"(set|clear)/.test(program)) target.handlerKind = HandlerKind.SHARED;
        return event;
      }),
  },
  "last-in-first-out": {
    checker: "first in, first out",
    tampering: () => ({ everywhere: reverseInboxes }),
  },
  "other-state": {
    checker: "state is that of a sequential model",
    tampering: () => ({
      frame: (sent) => {
        const { frame } = sent;
        if (frame.case !== "start") return sent;
        const value = { ...frame.value, state: frame.value.state.slice(1) };
        return { ...sent, frame: { case: "start", value } };
      },
    }),
  },
  "early-timer": {
    checker: "timers fire not early",
    tampering: () =>
      events((event) =>
        event.case === "timersDue" && !event.value.retention
          ? { ...event, value: { ...event.value, until: event.value.until + 500 } }
          : event,
      ),
  },
  "lost-timer": {
    checker: "timers fire not early, and are not lost",
    tampering: (random) =>
      events((event) => (event.case === "timersDue" && random.chance(0.3) ? undefined : event)),
  },
  "another-value": {
    checker: "promises, awakeables and results are settled once",
    tampering: (random) => ({
      frame: (sent) => {
        const { frame } = sent;
        const body = frame.case === "notify" ? frame.value.entry?.body : undefined;
        if (frame.case !== "notify" || body?.case !== "signal") return sent;
        const { result } = body.value;
        if (result.case !== "value" || !random.chance(0.5)) return sent;
        const value = { ...result.value, content: { case: "inline", value: other } as const };
        const signal = { ...body.value, result: { case: "value", value } as const };
        const entry = { ...frame.value.entry, body: { case: "signal", value: signal } } as Entry;
        return { ...sent, frame: { case: "notify", value: { ...frame.value, entry } } };
      },
    }),
  },
  "accepted-twice": {
    checker: "messages arrive exactly once",
    tampering: (random) =>
      events((event, shard, partition) => {
        const invocation = event.case === "submitted" ? event.value.invocation : undefined;
        if (invocation === undefined || !random.chance(0.1)) return event;
        const runId = `${invocation.runId.slice(0, -6)}twice0`;
        const id = invocation.id.slice(0, -runId.length) + runId;
        const again = create(SubmittedSchema, { invocation: { ...invocation, id, runId } });
        shard.enqueue(partition, { case: "submitted", value: again });
        return event;
      }),
  },
  "other-order": {
    checker: "same journal, same path",
    tampering: () => ({
      frame: starts((entries) => {
        const [last, before] = [entries.length - 1, entries.length - 2];
        const isAnswer = (at: number): boolean => entries[at]?.body.case === "completion";
        const swapped = [...entries];
        for (let at = before; at > 0; at--) {
          const [one, next] = [entries[at], entries[at + 1]];
          if (at + 1 > last || !isAnswer(at) || !isAnswer(at + 1)) continue;
          if (one === undefined || next === undefined) continue;
          [swapped[at], swapped[at + 1]] = [next, one];
          break;
        }
        return swapped;
      }),
    }),
  },
  "unlike-the-record": {
    checker: "tables after a recovery are those of the records",
    tampering: () => ({
      log: (log) => changedLog(log, (record) => ({ ...record, timeMs: record.timeMs + 1 })),
    }),
  },
  "forgotten-early": {
    checker: "what has ended is kept until its time",
    tampering: () =>
      events((event) =>
        event.case === "timersDue" && event.value.retention
          ? { ...event, value: { ...event.value, until: event.value.until + 50 } }
          : event,
      ),
  },
  "kept-for-ever": {
    checker: "what has ended is kept until its time, and goes then",
    tampering: () =>
      events((event) => (event.case === "timersDue" && event.value.retention ? undefined : event)),
  },
  "overlooked-result": {
    checker: "what is kept is found",
    tampering: (random) => ({
      engine: ({ callers }: Engine) => {
        const output = callers.output.bind(callers);
        callers.output = async (ref) => (random.chance(0.5) ? undefined : output(ref));
      },
    }),
  },
  "no-limits": {
    checker: "limits of scopes hold",
    tampering: () => ({ everywhere: ignoreRules }),
  },
  "forgotten-queue": {
    checker: "limits of scopes hold, and keep nobody waiting",
    tampering: () => ({ everywhere: forgetLimitQueues }),
  },
  "empty-patch": {
    checker: "state is that of a sequential model",
    tampering: () => ({ everywhere: emptyPatches }),
  },
  "newest-code": {
    checker: "what has begun goes on with the code of its deployment",
    tampering: () => ({
      engine: ({ registry }: Engine) => {
        const prototype = Object.getPrototypeOf(registry) as Registry;
        Object.defineProperty(registry, "view", {
          get: () => newestForAll(Reflect.get(prototype, "view", registry)),
        });
      },
    }),
  },
  "silent-watch": {
    checker: "a watch tells what is durable",
    tampering: (random) => ({
      engine: ({ watches }: Engine) => {
        const watch = watches.watch.bind(watches);
        watches.watch = async (...of) => {
          const events = await watch(...of);
          return events === undefined ? undefined : someOf(events, random);
        };
      },
    }),
  },
} satisfies Record<string, Canary>;

/** Whichever deployment is asked for. */
function newestForAll(view: RegistryView): RegistryView {
  const [service] = view.services.values();
  if (service === undefined) return view;
  const ids = [...view.deployments.keys()];
  return { ...view, deployments: new Map(ids.map((id) => [id, service.deployment])) };
}

async function* someOf(
  events: AsyncGenerator<Watched, void>,
  random: Random,
): AsyncGenerator<Watched, void> {
  for await (const told of events) {
    if (told.event.case !== "stepRecorded" || random.chance(0.7)) yield told;
  }
}

const other = new TextEncoder().encode('"another"');

export type CanaryName = keyof typeof canariesByName;
export const canaries: Readonly<Record<CanaryName, Canary>> = canariesByName;

export function isCanary(name: string): name is CanaryName {
  return Object.hasOwn(canaries, name);
}

/** The log says that a batch is durable as soon as it has it. */
function withoutWaiting(log: EventLog): EventLog {
  let last = log.lastPosition;
  let writing: Promise<unknown> = Promise.resolve();
  const append = (batch: readonly LogRecord[]): number => {
    writing = writing.then(() => log.append(batch)).catch(() => undefined);
    last += batch.length;
    return last;
  };
  return appending(
    log,
    append,
    (batch) => Promise.resolve(append(batch)),
    () => last,
  );
}

function changedLog(log: EventLog, change: (record: LogRecord) => LogRecord): EventLog {
  return appending(
    log,
    (batch) => log.appendSync(batch.map(change)),
    (batch) => log.append(batch.map(change)),
    () => log.lastPosition,
  );
}

function appending(
  log: EventLog,
  appendSync: EventLog["appendSync"],
  append: EventLog["append"],
  lastPosition: () => number,
): EventLog {
  return {
    get syncedPosition(): number {
      return log.syncedPosition;
    },
    get lastPosition(): number {
      return lastPosition();
    },
    append,
    appendSync,
    storeBody: (parts) => log.storeBody(parts),
    dropBody: (body) => {
      log.dropBody(body);
    },
    giveUpSpareFiles: () => {
      log.giveUpSpareFiles();
    },
    trim: (before) => log.trim(before),
    close: () => log.close(),
  };
}
