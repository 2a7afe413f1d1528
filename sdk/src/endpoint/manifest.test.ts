import type { MessageInitShape } from "@bufbuild/protobuf";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  HandlerKind,
  ManifestSchema,
  OnMaxAttempts,
  ServiceKind,
  type Handler,
  type OptionsSchema,
  type Service,
} from "@perdure/proto/manifest/v1/manifest";
import type { Definable } from "@perdure/protocol/definitions";
import { describe, expect, test } from "vitest";
import { modelOf, object, service, workflow } from "../definitions/define.js";
import { handlers } from "../definitions/handlers.js";
import type { AnyHandlerOptions, RetryPolicy } from "../definitions/options.js";
import { TerminalError } from "../errors.js";
import { serde, type Serde } from "../serde/serde.js";
import { createManifest } from "./manifest.js";

/** As it is on the wire. */
function describeServices(...definables: Definable[]): Service[] {
  const manifest = createManifest(definables.map((each) => modelOf(each)));
  return fromBinary(ManifestSchema, toBinary(ManifestSchema, manifest)).services;
}

function handlerWith(options: AnyHandlerOptions): Handler | undefined {
  const run = handlers.workflow.workflow(options, async () => 1);
  return describeServices(workflow({ name: "W", handlers: { run } }))[0]?.handlers[0];
}

type Options = MessageInitShape<typeof OptionsSchema>;

describe("a manifest", () => {
  test("tells services and handlers with their kinds", () => {
    const [plain, keyed, flow] = describeServices(
      service({ name: "S", handlers: { a: async () => 1, b: async () => 1 } }),
      object({
        name: "O",
        handlers: { add: async () => 1, get: handlers.object.shared(async () => 1) },
      }),
      workflow({ name: "W", handlers: { run: async () => 1, get: async () => 1 } }),
    );
    expect(plain).toMatchObject({ name: "S", kind: ServiceKind.SERVICE });
    expect(plain?.handlers.map(({ name, kind }) => [name, kind])).toEqual([
      ["a", HandlerKind.SHARED],
      ["b", HandlerKind.SHARED],
    ]);
    expect(keyed).toMatchObject({ name: "O", kind: ServiceKind.VIRTUAL_OBJECT });
    expect(keyed?.handlers.map(({ kind }) => kind)).toEqual([
      HandlerKind.EXCLUSIVE,
      HandlerKind.SHARED,
    ]);
    expect(flow).toMatchObject({ name: "W", kind: ServiceKind.WORKFLOW });
    expect(flow?.handlers.map(({ kind }) => kind)).toEqual([HandlerKind.RUN, HandlerKind.SHARED]);
  });

  test("tells what people wrote about them", () => {
    const [described] = describeServices(
      service({
        name: "S",
        description: "A service",
        metadata: { team: "a" },
        handlers: {
          a: handlers.handler(
            { description: "A handler", metadata: { since: "1" } },
            async () => 1,
          ),
        },
      }),
    );
    expect(described).toMatchObject({ documentation: "A service", metadata: { team: "a" } });
    expect(described?.handlers[0]).toMatchObject({
      documentation: "A handler",
      metadata: { since: "1" },
    });
  });

  test("tells the options of a service that act in the server", () => {
    const [described] = describeServices(
      workflow({
        name: "W",
        handlers: { run: async () => 1 },
        options: {
          workflowRetention: { days: 1 },
          journalRetention: { hours: 1 },
          idempotencyRetention: { minutes: 1 },
          inactivityTimeout: { seconds: 1 },
          abortTimeout: 1.9,
          ingressPrivate: true,
          enableLazyState: false,
        },
      }),
    );
    expect(described?.options).toMatchObject<Options>({
      workflowRetentionMs: 86_400_000n,
      journalRetentionMs: 3_600_000n,
      idempotencyRetentionMs: 60_000n,
      inactivityTimeoutMs: 1_000n,
      abortTimeoutMs: 1n,
      ingressPrivate: true,
      enableLazyState: false,
    });
  });

  test("tells the options of a handler beside those of its service, and of neither what was not said", () => {
    expect(handlerWith({ inactivityTimeout: 5, enableLazyState: true })?.options).toMatchObject({
      inactivityTimeoutMs: 5n,
      enableLazyState: true,
    });
    const options = handlerWith({})?.options;
    expect(options?.inactivityTimeoutMs).toBeUndefined();
    expect(options?.ingressPrivate).toBeUndefined();
    expect(options?.retryPolicy).toBeUndefined();
  });

  test("tells the retry policy; no limit is 0 there, and no attempt at all is one", () => {
    const policyOf = (retryPolicy: RetryPolicy) =>
      handlerWith({ retryPolicy })?.options?.retryPolicy;
    expect(
      policyOf({
        initialInterval: { seconds: 1 },
        exponentiationFactor: 1.5,
        maxInterval: { minutes: 1 },
        maxAttempts: 3,
        onMaxAttempts: "kill",
      }),
    ).toMatchObject({
      initialIntervalMs: 1_000n,
      exponentiationFactor: 1.5,
      maxIntervalMs: 60_000n,
      maxAttempts: 3,
      onMaxAttempts: OnMaxAttempts.KILL,
    });
    expect(policyOf({ maxAttempts: Infinity })?.maxAttempts).toBe(0);
    expect(policyOf({ maxAttempts: 0 })?.maxAttempts).toBe(1);
    expect(policyOf({ maxAttempts: 2.7 })?.maxAttempts).toBe(2);
    expect(policyOf({ onMaxAttempts: "pause" })?.onMaxAttempts).toBe(OnMaxAttempts.PAUSE);
    expect(policyOf({})).toMatchObject({ onMaxAttempts: OnMaxAttempts.UNSPECIFIED });
    expect(policyOf({})?.maxAttempts).toBeUndefined();
  });

  test("tells what requests and responses are like, from the serdes", () => {
    expect(handlerWith({})).toMatchObject({
      input: { required: false, contentType: "application/json", jsonSchema: "" },
      output: { contentType: "application/json", setContentTypeIfEmpty: false, jsonSchema: "" },
    });
    expect(handlerWith({ input: serde.binary, output: serde.empty })).toMatchObject({
      input: { contentType: "application/octet-stream" },
      output: { contentType: "" },
    });
    const image: Serde<Uint8Array> = {
      ...serde.binary,
      contentType: "image/png",
      jsonSchema: { type: "string" },
    };
    expect(
      handlerWith({
        input: image as Serde<unknown>,
        output: image as Serde<unknown>,
        accept: "image/*",
        setOutputContentTypeIfEmpty: true,
      }),
    ).toMatchObject({
      input: { contentType: "image/*", jsonSchema: '{"type":"string"}' },
      output: {
        contentType: "image/png",
        setContentTypeIfEmpty: true,
        jsonSchema: '{"type":"string"}',
      },
    });
  });

  test("takes the serde of the service where a handler has none", () => {
    const [described] = describeServices(
      service({
        name: "S",
        options: { serde: serde.binary as Serde<unknown> },
        handlers: { a: async () => 1, b: handlers.handler({ serde: serde.json }, async () => 1) },
      }),
    );
    expect(described?.handlers.map(({ input }) => input?.contentType)).toEqual([
      "application/octet-stream",
      "application/json",
    ]);
  });

  test("carries options that act in the SDK alone without a word", () => {
    const options: AnyHandlerOptions = {
      asTerminalError: () => new TerminalError("x"),
      hooks: [() => ({})],
      explicitCancellation: true,
      onJournalMismatchErrors: "pause",
    };
    expect(handlerWith(options)).toEqual(handlerWith({}));
  });
});

test("an option that is no duration is refused, with PDR2004", () => {
  expect(() => handlerWith({ journalRetention: Infinity })).toThrow(
    "the option journalRetention is no duration (PDR2004)",
  );
});
