import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  HandlerSchema,
  OnMaxAttempts,
  ServiceSchema,
  type OptionsSchema,
} from "@perdure/proto/manifest/v1/manifest";
import { DeploymentSchema } from "@perdure/proto/storage/v1/records";
import { handlerOptions, invokerDefaults, type HandlerOptions } from "./handler-options.js";

type Options = MessageInitShape<typeof OptionsSchema>;

function optionsOf(service: Options, handler: Options): HandlerOptions {
  const greet = create(HandlerSchema, { name: "greet", options: handler });
  const registered = {
    service: create(ServiceSchema, { name: "Greeter", handlers: [greet], options: service }),
    revision: 1,
    deployment: create(DeploymentSchema),
    handlers: new Map([["greet", greet]]),
  };
  return handlerOptions(registered, "greet", invokerDefaults);
}

describe("the options of a handler", () => {
  test("are the server's where nobody says otherwise", () => {
    const expected = { ...invokerDefaults, lazyState: false };

    expect(optionsOf({}, {})).toEqual(expected);
    expect(handlerOptions(undefined, "greet", invokerDefaults)).toEqual(expected);
  });

  test("are the service's, and the handler's above those", () => {
    const service = { inactivityTimeoutMs: 10n, enableLazyState: true };

    expect(optionsOf(service, {})).toMatchObject({ inactivityTimeoutMs: 10, lazyState: true });
    expect(optionsOf(service, { inactivityTimeoutMs: 0n, enableLazyState: false })).toMatchObject({
      inactivityTimeoutMs: 0,
      lazyState: false,
    });
  });

  test("take each part of a retry policy from the first that names it", () => {
    const service = {
      retryPolicy: { initialIntervalMs: 10n, maxAttempts: 5, onMaxAttempts: OnMaxAttempts.KILL },
    };
    const handler = { retryPolicy: { initialIntervalMs: 20n, maxIntervalMs: 99n } };

    expect(optionsOf(service, handler).retryPolicy).toEqual({
      initialIntervalMs: 20,
      exponentiationFactor: invokerDefaults.retryPolicy.exponentiationFactor,
      maxIntervalMs: 99,
      maxAttempts: 5,
      onMaxAttempts: "kill",
    });
  });

  test("allow any number of attempts where they say 0", () => {
    expect(optionsOf({}, { retryPolicy: { maxAttempts: 0 } }).retryPolicy.maxAttempts).toBe(
      Infinity,
    );
  });

  test("pause where a handler says so and its service kills", () => {
    const service = { retryPolicy: { onMaxAttempts: OnMaxAttempts.KILL } };
    const handler = { retryPolicy: { onMaxAttempts: OnMaxAttempts.PAUSE } };

    expect(optionsOf(service, handler).retryPolicy.onMaxAttempts).toBe("pause");
  });
});
