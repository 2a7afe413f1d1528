// Makes a connection to an ingress. Handlers are known to types only: at run time a client is an object
// whose methods are any names, so the types of ingress.ts are put on here, in one place.

import type { Definable } from "@perdure/protocol/definitions";
import type { SendHandle } from "./client-types.js";
import { keyOf, nameOfKind } from "./definition-name.js";
import { createHandlerProxy, splitArguments } from "./handler-proxy.js";
import type { Ingress, UntypedCall, UntypedSend } from "./ingress.js";
import type { Opts } from "./options.js";
import { attach, callHandler, output, sendToHandler, type ResultTarget } from "./requests.js";
import { createTransport, type Transport, type TransportOptions } from "./transport.js";

/**
 * Connects to the ingress at `url`, such as `http://127.0.0.1:8080`. Nothing is sent before the first request.
 * @param options.headers  sent with every request
 * @param options.fetch    in place of the global one
 * @throws ClientError  PDR5303: not an address
 */
export function connect(options: TransportOptions): Ingress {
  const transport = createTransport(options);

  const ingress = {
    serviceClient: (definition: Definable) =>
      callClient(transport, nameOfKind("service", definition)),
    serviceSendClient: (definition: Definable) =>
      sendClient(transport, nameOfKind("service", definition)),
    objectClient(definition: Definable, key: string) {
      const service = nameOfKind("object", definition);
      return callClient(transport, service, keyOf(service, key));
    },
    objectSendClient(definition: Definable, key: string) {
      const service = nameOfKind("object", definition);
      return sendClient(transport, service, keyOf(service, key));
    },
    workflowClient(definition: Definable, key: string) {
      const service = nameOfKind("workflow", definition);
      return workflowClient(transport, service, keyOf(service, key));
    },
    result: async ({ invocationId }: SendHandle, options?: Opts) =>
      attach(transport, { target: "invocation", invocationId }, options?.options),
    call: async ({ input, options, ...target }: UntypedCall) =>
      callHandler(transport, target, input, options?.options ?? {}),
    send: async ({ input, options, ...target }: UntypedSend) =>
      sendToHandler(transport, target, input, options?.options ?? {}),
  };
  return ingress as unknown as Ingress;
}

function callClient(transport: Transport, service: string, key?: string): object {
  return createHandlerProxy({}, (handler, input, options) =>
    callHandler(transport, { service, key, handler }, input, options),
  );
}

function sendClient(transport: Transport, service: string, key?: string): object {
  return createHandlerProxy({}, (handler, input, options) =>
    sendToHandler(transport, { service, key, handler }, input, options),
  );
}

function workflowClient(transport: Transport, service: string, key: string): object {
  const target: ResultTarget = { target: "workflow", workflowName: service, workflowKey: key };
  const own = {
    async workflowSubmit(...args: unknown[]): Promise<SendHandle> {
      const { input, options } = splitArguments("workflowSubmit", args);
      return sendToHandler(transport, { service, key, handler: "run" }, input, options, true);
    },
    workflowAttach: async (options?: Opts) => attach(transport, target, options?.options),
    workflowOutput: async (options?: Opts) => output(transport, target, options?.options),
  };
  return createHandlerProxy(own, (handler, input, options) =>
    callHandler(transport, { service, key, handler }, input, options),
  );
}
