// Fills in Promise.withResolvers, which the peer's SDK expects and Node 20 does not have: without it
// every invocation hangs. Import it before that SDK. On Node 22 and later it does nothing.

interface Resolvers {
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

function withResolvers(this: PromiseConstructor): Resolvers {
  let resolve: Resolvers["resolve"] | undefined;
  let reject: Resolvers["reject"] | undefined;
  const promise = new this<unknown>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve: resolve!, reject: reject! };
}

if (!("withResolvers" in Promise)) {
  Object.defineProperty(Promise, "withResolvers", {
    value: withResolvers,
    configurable: true,
    writable: true,
  });
}
