// The names that the field's SDK exports, all here; and what we export beside them, so that nothing comes or goes
// unseen.

import { describe, expect, expectTypeOf, test } from "vitest";
import * as sdk from "./index.js";
import type * as types from "./index.js";

/** Value exports of the field's SDK 1.17.2, root entry. */
const ofTheField = [
  "CancelledError",
  "CombineablePromise",
  "InvocationIdParser",
  "Opts",
  "PauseError",
  "RestateError",
  "RestatePromise",
  "RetryableError",
  "SendOpts",
  "TerminalError",
  "TimeoutError",
  "createEndpointHandler",
  "createObjectHandler",
  "createObjectSharedHandler",
  "createServiceHandler",
  "createWorkflowHandler",
  "createWorkflowSharedHandler",
  "endpoint",
  "handlers",
  "iface",
  "implement",
  "internal",
  "isRestatePromise",
  "object",
  "rpc",
  "serde",
  "serve",
  "service",
  "workflow",
];

const ours = [
  "DefinitionError",
  "DurablePromise",
  "ListenError",
  "ManifestError",
  "exclusive",
  "handler",
  "isDurablePromise",
  "isPauseError",
  "isRetryableError",
  "isTerminalError",
  "run",
  "shared",
];

const exported = sdk as unknown as Readonly<Record<string, unknown>>;

describe("the package's exports", () => {
  test.each(ofTheField)("has the field's %s", (name) => {
    expect(exported[name]).toBeDefined();
  });

  test("are those of the field and ours, no others", () => {
    expect(Object.keys(exported).sort()).toEqual([...ofTheField, ...ours].sort());
  });

  test("has the members of the field's `serde`, `iface`, `handlers` and `internal`", () => {
    expect(sdk.serde).toMatchObject({
      json: expect.any(sdk.serde.JsonSerde) as unknown,
      binary: {},
      empty: {},
      schema: expect.any(Function) as unknown,
    });
    expect(Object.keys(sdk.iface).sort()).toEqual(
      ["json", "object", "schemas", "serdes", "service", "shared", "workflow"].sort(),
    );
    expect(Object.keys(sdk.iface.shared).sort()).toEqual(["json", "schemas", "serdes"]);
    expect(sdk.handlers.object).toHaveProperty("exclusive");
    expect(sdk.internal.isSuspendedError(new Error("x"))).toBe(false);
  });

  test("has the field's types", () => {
    // Each line fails to compile where its type is gone.
    interface Types {
      clients: [
        types.Client<{ a(ctx: types.Context): Promise<void> }>,
        types.SendClient<object>,
        types.ClientFromDescriptors<Record<string, types.HandlerDescriptor>>,
        types.SendClientFromDescriptors<Record<string, types.HandlerDescriptor>>,
      ];
      contexts: [
        types.Context,
        types.ObjectContext,
        types.ObjectSharedContext,
        types.WorkflowContext,
        types.WorkflowSharedContext,
        types.ScopedContext,
        types.ContextDate,
        types.Rand,
        types.Request,
        types.Target,
        types.KeyValueStore,
        types.TypedState,
        types.UntypedState,
      ];
      promises: [
        types.DurablePromise<string>,
        types.RestatePromise<string>,
        types.InvocationPromise<string>,
        types.InvocationHandle,
        types.InvocationId,
        types.InvocationReference,
        types.SignalReference<string>,
      ];
      calls: [
        types.GenericCall<string, string>,
        types.GenericSend<string>,
        types.RunAction<string>,
        types.RunOptions<string>,
        types.Duration,
      ];
      options: [
        types.RetryPolicy,
        types.DefaultServiceOptions,
        types.ServiceOptions,
        types.ObjectOptions,
        types.WorkflowOptions,
        types.ServiceHandlerOpts,
        types.ObjectHandlerOpts,
        types.WorkflowHandlerOpts,
        types.EndpointOptions,
        types.NodeEndpointOptions,
        types.RestateEndpoint,
        types.RestateEndpointBase,
        types.ServeOptions,
        types.Hooks,
        types.HooksProvider,
        types.Interceptor,
        types.JournalValueCodec,
        types.LoggerTransport,
        types.LoggerContext,
        types.LogMetadata,
        types.LogSource,
        types.RestateLogLevel,
        types.Serde<string>,
      ];
      definitions: [
        types.Service<object>,
        types.ServiceDefinition<"S", object>,
        types.ServiceDefinitionFrom<object>,
        types.VirtualObject<object>,
        types.VirtualObjectDefinition<"S", object>,
        types.VirtualObjectDefinitionFrom<object>,
        types.Workflow<object>,
        types.WorkflowDefinition<"S", object>,
        types.WorkflowDefinitionFrom<object>,
        types.ServiceHandler<() => void>,
        types.ObjectHandler<() => void>,
        types.ObjectSharedHandler<() => void>,
        types.WorkflowHandler<() => void>,
        types.WorkflowSharedHandler<() => void>,
      ];
    }
    expectTypeOf<Types["options"]["length"]>().toEqualTypeOf<23>();
    const store = (s: types.KeyValueStore<{ n: number }>): unknown => s.get("n");
    expect(store).toBeTypeOf("function");
  });
});

describe("types that follow handlers", () => {
  const greeter = sdk.service({ name: "G", handlers: { greet: async (_, n: string) => n.length } });

  test("by the names of the field", () => {
    type Handlers = types.Service<typeof greeter>;
    expectTypeOf<Parameters<Handlers["greet"]>[1]>().toEqualTypeOf<string>();
    expectTypeOf<types.ServiceDefinitionFrom<typeof greeter>>().toEqualTypeOf<typeof greeter>();
    expectTypeOf<types.Client<Handlers>["greet"]>().returns.toEqualTypeOf<
      types.InvocationPromise<number>
    >();
    const named: types.ServiceDefinition<"G", Handlers> = { name: "G" };
    expect(named).toEqual({ name: greeter.name });
  });
});
