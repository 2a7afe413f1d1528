// Makes the clients of a context, or of a scope of it.

import { kindOf, nameOf, type Definable } from "@perdure/protocol/definitions";
import { declaredSerdes } from "../definitions/declared-serdes.js";
import type { Calls } from "./calls.js";
import { proxyClient } from "./clients.js";
import type { ClientMakers, ScopedContext } from "./context.js";
import { checkedScope } from "./scope.js";

type Maker = (definable: Definable, key?: string) => unknown;

export function createClientMakers(calls: Calls, scope?: string): ClientMakers {
  const client: Maker = (definable, key) =>
    proxyClient((handler, input, options) => {
      const callee = { service: nameOf(definable), handler, key, scope };
      return calls.call(callee, declaredSerdes(definable, handler), input, options);
    });
  const sendClient: Maker = (definable, key) =>
    proxyClient((handler, input, options) => {
      const callee = { service: nameOf(definable), handler, key, scope };
      return calls.send(callee, declaredSerdes(definable, handler), input, options);
    });
  const makers = {
    serviceClient: (definable: Definable) => client(definable),
    objectClient: keyed(client),
    workflowClient: keyed(client),
    serviceSendClient: (definable: Definable) => sendClient(definable),
    objectSendClient: keyed(sendClient),
    workflowSendClient: keyed(sendClient),
    client: byKind(client),
    sendClient: byKind(sendClient),
  };
  return makers as unknown as ClientMakers;
}

/** @throws TypeError  PDR2014 */
export function createScoped(calls: Calls, given: string): ScopedContext {
  const scope = checkedScope(given);
  return {
    ...createClientMakers(calls, scope),
    genericCall: (call) => calls.genericCall({ ...call, scope } as never),
    genericSend: (send) => calls.genericSend({ ...send, scope } as never),
  } as ScopedContext;
}

/** Keys often come from input that nobody has checked. */
function keyed(maker: Maker): Maker {
  return (definable, key) => {
    if (typeof key === "string") return maker(definable, key);
    throw new TypeError(`a client of ${nameOf(definable)} needs a key, as a string (PDR2029)`);
  };
}

/** With a key where the kind has one; a bare name has what is given. */
function byKind(maker: Maker): Maker {
  return (definable, key) => {
    const kind = kindOf(definable);
    if (kind === "service" && key !== undefined) {
      throw new TypeError(`a client of ${nameOf(definable)} takes no key: it is a plain service`);
    }
    if (kind === "service" || (kind === undefined && key === undefined)) return maker(definable);
    return keyed(maker)(definable, key);
  };
}
