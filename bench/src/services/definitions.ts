// The services under test: as little work of their own as possible, so that what is measured is the
// system that makes them durable. Answers depend on the input, so that the load generator can check
// each one (workloads/).
import type { Definition, DurableSdk, Handler, HandlerContext } from "./durable-sdk.js";

const fanWidth = 10;

interface LeafClient {
  echo(value: number): PromiseLike<number>;
}

/** All services under test, made with the given SDK. */
export function definitions(sdk: DurableSdk): readonly Definition[] {
  const greeter = sdk.service({
    name: "Greeter",
    handlers: { greet: async (_context: HandlerContext, name: string) => `Hello ${name}` },
  });

  const steps = sdk.service({
    name: "Steps",
    handlers: { one: stepsHandler(1), three: stepsHandler(3), ten: stepsHandler(10) },
  });

  const counter = sdk.object({
    name: "Counter",
    handlers: {
      add: async (context: HandlerContext, amount: number) => {
        const count = ((await context.get<number>("count")) ?? 0) + amount;
        context.set("count", count);
        return count;
      },
      get: sdk.handlers.object.shared(
        async (context: HandlerContext) => (await context.get<number>("count")) ?? 0,
      ),
    },
  });

  const signup = sdk.workflow({
    name: "Signup",
    handlers: {
      run: async (context: HandlerContext, request: { readonly name: string }) => {
        const user = await context.run("create user", () => `user ${request.name}`);
        await context.run("send mail", () => undefined);
        const secret = await context.promise<string>("clicked");
        return { success: secret === `secret of ${request.name}`, user };
      },
      click: async (context: HandlerContext, secret: string) => {
        await context.promise<string>("clicked").resolve(secret);
        return true;
      },
    },
  });

  const leaf = sdk.service({
    name: "Leaf",
    handlers: { echo: async (_context: HandlerContext, value: number) => value },
  });

  const fan = sdk.service({
    name: "Fan",
    handlers: {
      sum: async (context: HandlerContext, first: number) => {
        const client = context.serviceClient<LeafClient>(leaf);
        const calls = Array.from({ length: fanWidth }, (_, index) => client.echo(first + index));
        const values = await sdk.RestatePromise.all(calls);
        return values.reduce((sum, value) => sum + value, 0);
      },
    },
  });

  const sleeper = sdk.service({
    name: "Sleeper",
    handlers: {
      sleep: async (context: HandlerContext, durationMs: number) => {
        await context.sleep(durationMs);
        return "awake";
      },
    },
  });

  return [greeter, steps, counter, signup, leaf, fan, sleeper];
}

/** A handler that adds one in each of `count` durable steps, one after the other. */
function stepsHandler(count: number): Handler {
  return async (context: HandlerContext, first: number) => {
    let value = first;
    for (let step = 1; step <= count; step++) {
      const next = value + 1;
      value = await context.run(`step ${step}`, () => next);
    }
    return value;
  };
}
