// The golden journals by name: which code wrote each, and how that is led to write it. `record` runs on a new
// environment; a journal that is there is never recorded again.

import { rpc } from "@perdure/clients";
import type { Definable } from "@perdure/protocol/definitions";
import type { TestEnvironment } from "@perdure/testing";
import { Calls, Cell, Flow, Steps, told } from "./services.js";

export const services: readonly Definable[] = [Steps, Cell, Flow, Calls];

export interface GoldenProgram {
  readonly code: Definable;
  /** @returns the invocation whose journal is kept */
  readonly record: (env: TestEnvironment) => Promise<{ readonly invocationId: string }>;
  /** Where the invocation was when its journal was exported. Default "ended". */
  readonly status?: "ended" | "waits";
}

export const programs: Readonly<Record<string, GoldenProgram>> = {
  run: {
    code: Steps,
    record: ({ client }) => client.serviceSendClient(Steps).values(3),
  },
  "failing-steps": {
    code: Steps,
    record: async (env) => {
      const sent = await env.client.serviceSendClient(Steps).failing();
      await env.advance({ minutes: 1 });
      return sent;
    },
  },
  sleep: {
    code: Steps,
    record: async (env) => {
      const sent = await env.client.serviceSendClient(Steps).sleeps();
      await env.advance({ days: 31 });
      return sent;
    },
  },
  "random-and-date": {
    code: Steps,
    record: ({ client }) => client.serviceSendClient(Steps).chance(),
  },
  dates: {
    code: Steps,
    record: async (env) => {
      const sent = await env.client.serviceSendClient(Steps).dates();
      await env.advance({ days: 366 });
      return sent;
    },
  },
  combinators: {
    code: Steps,
    record: async (env) => {
      const sent = await env.client.serviceSendClient(Steps).combinators();
      await env.advance({ hours: 3 });
      return sent;
    },
  },
  "output-failure": {
    code: Steps,
    record: ({ client }) => client.serviceSendClient(Steps).refuses(),
  },
  retried: {
    code: Steps,
    record: async (env) => {
      told.set("retried fails", "once");
      const sent = await env.client.serviceSendClient(Steps).retried();
      await env.advance({ minutes: 1 });
      return sent;
    },
  },
  waiting: {
    code: Steps,
    status: "waits",
    record: ({ client }) => client.serviceSendClient(Steps).waits(),
  },
  "binary-serde": {
    code: Steps,
    record: ({ client }) =>
      client.send({
        service: "GoldenSteps",
        handler: "bytes",
        parameter: new Uint8Array([0, 1, 255]),
        opts: rpc.sendOpts({ input: bytes }),
      }),
  },
  "state-eager": {
    code: Cell,
    record: async (env) => {
      await env.stateOf<{ n: number }>(Cell, "eager").set("n", 5);
      return env.client.objectSendClient(Cell, "eager").eager(3);
    },
  },
  "state-lazy": {
    code: Cell,
    record: async (env) => {
      await env.stateOf<{ n: number; m: number }>(Cell, "lazy").setAll({ n: 5, m: 6 });
      return env.client.objectSendClient(Cell, "lazy").lazy();
    },
  },
  "state-shared": {
    code: Cell,
    record: async (env) => {
      await env.stateOf<{ n: number }>(Cell, "shared").set("n", 7);
      return env.client.objectSendClient(Cell, "shared").reads();
    },
  },
  promises: {
    code: Flow,
    record: async (env) => {
      const flow = env.client.workflowClient(Flow, "golden");
      const submitted = await flow.workflowSubmit("ada");
      await env.time.settled();
      await flow.answer("yes");
      return submitted;
    },
  },
  "promises-from-outside": {
    code: Flow,
    record: async ({ client }) => {
      await client.workflowClient(Flow, "golden").workflowSubmit("ada");
      return client.send({
        service: "GoldenFlow",
        key: "golden",
        handler: "answer",
        parameter: "yes",
      });
    },
  },
  calls: {
    code: Calls,
    record: ({ client }) => client.serviceSendClient(Calls).calls(),
  },
  sends: {
    code: Calls,
    record: ({ client }) => client.serviceSendClient(Calls).sends(),
  },
  scoped: {
    code: Calls,
    record: ({ client }) => client.serviceSendClient(Calls).scoped(),
  },
  attach: {
    code: Calls,
    record: async (env) => {
      const { client } = env;
      await client.serviceClient(Steps).values(4, rpc.opts({ idempotencyKey: "known" }));
      await client.workflowClient(Flow, "golden").workflowSubmit("ada");
      const sent = await client.serviceSendClient(Calls).attaches();
      await env.time.settled();
      await client.workflowClient(Flow, "golden").answer("yes");
      return sent;
    },
  },
  awakeables: {
    code: Calls,
    record: async (env) => {
      const sent = await env.client.serviceSendClient(Calls).awakeables();
      await env.time.settled();
      await env.client.resolveAwakeable(told.get("one") ?? "", "over HTTP");
      await env.client.rejectAwakeable(told.get("other") ?? "", "refused");
      return sent;
    },
  },
  "awakeables-from-handler": {
    code: Calls,
    record: async (env) => {
      await env.client.serviceSendClient(Calls).awakeables();
      await env.time.settled();
      const one = told.get("one") ?? "";
      return env.client.serviceSendClient(Calls).completes({ one, other: told.get("other") ?? "" });
    },
  },
  signals: {
    code: Calls,
    record: async (env) => {
      const sent = await env.client.serviceSendClient(Calls).signals();
      await env.client.serviceClient(Calls).signalsTo(sent.invocationId);
      return sent;
    },
  },
  "signals-to-another": {
    code: Calls,
    record: async (env) => {
      const { invocationId } = await env.client.serviceSendClient(Calls).signals();
      return env.client.serviceSendClient(Calls).signalsTo(invocationId);
    },
  },
  cancelled: {
    code: Calls,
    record: async (env) => {
      const sent = await env.client.serviceSendClient(Calls).cancelled();
      await env.time.settled();
      await env.client.serviceClient(Calls).cancels(sent.invocationId);
      await env.advance({ seconds: 1 });
      return sent;
    },
  },
  "cancelled-explicitly": {
    code: Calls,
    record: async (env) => {
      const sent = await env.client.serviceSendClient(Calls).explicit();
      await env.time.settled();
      await env.client.serviceClient(Calls).cancels(sent.invocationId);
      return sent;
    },
  },
  cancels: {
    code: Calls,
    record: async (env) => {
      const { invocationId } = await env.client.serviceSendClient(Calls).cancelled();
      await env.time.settled();
      return env.client.serviceSendClient(Calls).cancels(invocationId);
    },
  },
};

const bytes = {
  contentType: "application/octet-stream",
  serialize: (value: Uint8Array): Uint8Array => value,
  deserialize: (value: Uint8Array): Uint8Array => value,
};
