// Makes a connection to an ingress. The types of ingress.ts are put on here, in one place.

import { resolveAwakeable, rejectAwakeable } from "./awakeables.js";
import type { Send } from "./client-types.js";
import { createClientMakers } from "./clients.js";
import { openConnection, type Connection, type ConnectionOpts } from "./connection.js";
import { scopeKeyOf } from "./definition-name.js";
import { ClientError, ClientErrorCode } from "./errors.js";
import { linked } from "./ingress-link.js";
import type { GenericCall, GenericSend, Ingress } from "./ingress.js";
import { isOptions, type Opts, type ResultOptions } from "./options.js";
import { callHandler, declaredOutputOf, sendToHandler } from "./requests.js";
import { attach } from "./results.js";
import type { Serde } from "./serde.js";
import type { MaybeSerde } from "./values.js";

/**
 * Connects to the ingress at `url`, such as `http://127.0.0.1:8080`. Nothing is sent before the first request.
 * @param options.headers  sent with every request
 * @param options.retry    sends safe requests again that failed. Default false
 * @param options.serde    for values that nothing else names a serde for. Default JSON
 * @param options.journalValueCodec  what all values pass on their way, such as encryption. Default none
 * @param options.fetch    in place of the global one
 * @throws ClientError  PDR5303: not an address
 */
export function connect(options: ConnectionOpts): Ingress {
  const connection = openConnection(options);

  const ingress = {
    ...createClientMakers(connection, undefined),
    scope: (given: string) => {
      const scope = scopeKeyOf(given);
      return linked(createClientMakers(connection, scope), { connection, scope });
    },
    resolveAwakeable: async (id: string, payload?: unknown, serde?: Serde<unknown>) =>
      resolveAwakeable(connection, id, payload, serde),
    rejectAwakeable: async (id: string, reason: string) => rejectAwakeable(connection, id, reason),
    result: async (send: Send, how?: Serde<unknown> | Opts) => result(connection, send, how),
    call: async ({ parameter, opts, ...target }: GenericCall) =>
      callHandler(connection, { target, input: parameter, options: opts?.opts ?? {} }),
    send: async ({ parameter, opts, ...target }: GenericSend) =>
      sendToHandler(connection, { target, input: parameter, options: opts?.opts ?? {} }),
  };
  return linked(ingress, { connection, scope: undefined }) as unknown as Ingress;
}

async function result(
  connection: Connection,
  send: Send,
  how: Serde<unknown> | Opts | undefined,
): Promise<unknown> {
  const { invocationId, attachable } = send;
  if (!attachable) {
    throw new ClientError(
      ClientErrorCode.badArgument,
      `waiting for ${invocationId}: it is not attachable, since it was sent without an idempotency key. ` +
        'Send it with rpc.sendOpts({ idempotencyKey: "…" }), and its result is kept',
    );
  }
  const options: ResultOptions = isOptions(how) ? how.opts : {};
  const given: MaybeSerde = how !== undefined && "deserialize" in how ? how : undefined;
  return attach(connection, {
    target: { target: "invocation", invocationId },
    options,
    declared: given ?? declaredOutputOf(send),
  });
}
