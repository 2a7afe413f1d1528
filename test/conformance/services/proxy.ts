// Calls and sends whose targets are known only at run time. Values are bytes, as arrays of numbers in JSON.

import { RestatePromise, service, type Context } from "@perdure/sdk";

interface ProxyRequest {
  readonly serviceName: string;
  readonly virtualObjectKey?: string;
  readonly handlerName: string;
  readonly message: readonly number[];
  readonly delayMillis?: number;
  readonly idempotencyKey?: string;
  readonly scope?: string;
  readonly limitKey?: string;
}

interface ManyCallsRequest {
  readonly proxyRequest: ProxyRequest;
  readonly oneWayCall: boolean;
  readonly awaitAtTheEnd: boolean;
}

function targetOf(request: ProxyRequest) {
  const { serviceName, virtualObjectKey: key, handlerName, message } = request;
  const { idempotencyKey, scope, limitKey } = request;
  return {
    service: serviceName,
    method: handlerName,
    parameter: Uint8Array.from(message),
    ...(key === undefined ? {} : { key }),
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(scope === undefined ? {} : { scope }),
    ...(limitKey === undefined ? {} : { limitKey }),
  };
}

function sent(ctx: Context, request: ProxyRequest) {
  const { delayMillis: delay } = request;
  return ctx.genericSend({ ...targetOf(request), ...(delay === undefined ? {} : { delay }) });
}

export const proxy = service({
  name: "Proxy",
  handlers: {
    call: async (ctx: Context, request: ProxyRequest) => [
      ...(await ctx.genericCall(targetOf(request))),
    ],
    oneWayCall: async (ctx: Context, request: ProxyRequest) => sent(ctx, request).invocationId,
    manyCalls: async (ctx: Context, requests: readonly ManyCallsRequest[]) => {
      const awaited: RestatePromise<Uint8Array>[] = [];
      for (const { proxyRequest, oneWayCall, awaitAtTheEnd } of requests) {
        if (oneWayCall) {
          sent(ctx, proxyRequest);
        } else {
          const result = ctx.genericCall(targetOf(proxyRequest));
          if (awaitAtTheEnd) awaited.push(result);
        }
      }
      await RestatePromise.all(awaited);
    },
  },
});
