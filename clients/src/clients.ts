// The clients of one scope, or of none. Handlers are known to types only: at run time a client is an object
// whose methods are any names.

import { descriptorOf, type Definable } from "@perdure/protocol/definitions";
import type { Send } from "./client-types.js";
import type { Connection } from "./connection.js";
import { keyOf, nameOfKind, targetOfAny, type NamedTarget } from "./definition-name.js";
import { createHandlerProxy, splitArguments } from "./handler-proxy.js";
import type { Opts } from "./options.js";
import { callHandler, sendToHandler, type HandlerRequest } from "./requests.js";
import { attach, output, type ResultRequest } from "./results.js";

/** `ScopedIngress` as it is at run time: its types are put on in connect.ts. */
export type ClientMakers = Readonly<
  Record<
    | "serviceClient"
    | "serviceSendClient"
    | "objectClient"
    | "objectSendClient"
    | "workflowClient"
    | "client"
    | "sendClient",
    (definition: Definable, key?: string) => object
  >
>;

export function createClientMakers(
  connection: Connection,
  scope: string | undefined,
): ClientMakers {
  const requestTo =
    (definition: Definable, target: NamedTarget) =>
    (handler: string, input: unknown, options: HandlerRequest["options"]): HandlerRequest => ({
      target: { ...target, handler, scope },
      input,
      options,
      declared: descriptorOf(definition, handler),
    });

  const calls = (definition: Definable, target: NamedTarget): object => {
    const request = requestTo(definition, target);
    return createHandlerProxy({}, (...args) => callHandler(connection, request(...args)));
  };
  const sends = (definition: Definable, target: NamedTarget): object => {
    const request = requestTo(definition, target);
    return createHandlerProxy({}, (...args) => sendToHandler(connection, request(...args)));
  };
  const object = (definition: Definable, key: string | undefined): NamedTarget => {
    const service = nameOfKind("object", definition);
    return { service, key: keyOf(service, key) };
  };
  const service = (definition: Definable): NamedTarget => ({
    service: nameOfKind("service", definition),
    key: undefined,
  });

  return {
    serviceClient: (definition) => calls(definition, service(definition)),
    serviceSendClient: (definition) => sends(definition, service(definition)),
    objectClient: (definition, key) => calls(definition, object(definition, key)),
    objectSendClient: (definition, key) => sends(definition, object(definition, key)),
    client: (definition, key) => calls(definition, targetOfAny(definition, key)),
    sendClient: (definition, key) => sends(definition, targetOfAny(definition, key)),

    workflowClient(definition, givenKey) {
      const name = nameOfKind("workflow", definition);
      const key = keyOf(name, givenKey);
      const request = requestTo(definition, { service: name, key });
      const resultOf = (options: Opts | undefined): ResultRequest => ({
        target: { target: "workflow", workflowName: name, workflowKey: key, scope },
        options: options?.opts ?? {},
        declared: descriptorOf(definition, "run")?._outputSerde,
      });
      const own = {
        async workflowSubmit(...args: unknown[]): Promise<Send> {
          const { input, options } = splitArguments("workflowSubmit", args);
          return sendToHandler(connection, request("run", input, options), true);
        },
        workflowAttach: async (options?: Opts) => attach(connection, resultOf(options)),
        workflowOutput: async (options?: Opts) => output(connection, resultOf(options)),
      };
      return createHandlerProxy(own, (...args) => callHandler(connection, request(...args)));
    },
  };
}
