// What the compiler says of clients. Checked by tsc, with the tests' own configuration.

import type { Definition } from "@perdure/protocol/definitions";
import { describe, expectTypeOf, test } from "vitest";
import type { SendHandle, WorkflowOutput, WorkflowSubmission } from "./client-types.js";
import { connect } from "./connect.js";
import { rpc } from "./options.js";

interface Context {
  readonly key: string;
}

class Greeter {
  #greeted = 0;
  readonly language: string = "en";
  async greet(_ctx: Context, name: string): Promise<{ text: string }> {
    this.#greeted += 1;
    return { text: name };
  }
  async maybe(_ctx: Context, _name?: string): Promise<number> {
    return this.#greeted;
  }
  async ping(_ctx: Context): Promise<void> {}
  // oxlint-disable-next-line unicorn/no-thenable
  async then(_ctx: Context): Promise<void> {}
}

class Signup {
  async run(_ctx: Context, _user: { name: string }): Promise<{ success: boolean }> {
    return { success: true };
  }
  async getStatus(_ctx: Context): Promise<string> {
    return "";
  }
}

interface CounterHandlers {
  add(ctx: Context, by: number): Promise<number>;
}
type Counter = Definition<"object", "Counter", CounterHandlers>;
type GreeterDefinition = Definition<"service", "Greeter", Pick<Greeter, "greet">>;

const name = { name: "X" };
const ingress = connect({ url: "http://ingress" });

describe("types of clients", () => {
  test("follow the handlers of a class", () => {
    const make = () => ingress.serviceClient(Greeter);
    type Client = ReturnType<typeof make>;

    expectTypeOf<keyof Client>().toEqualTypeOf<"greet" | "maybe" | "ping">();
    expectTypeOf<Client["greet"]>().toBeCallableWith("Ada");
    expectTypeOf<Client["greet"]>().toBeCallableWith("Ada", rpc.opts({}));
    expectTypeOf<Client["greet"]>().returns.resolves.toEqualTypeOf<{ text: string }>();
    expectTypeOf<Client["ping"]>().toBeCallableWith();
    expectTypeOf<Client["ping"]>().toBeCallableWith(rpc.opts({ timeout: { seconds: 1 } }));
    expectTypeOf<Client["maybe"]>().toBeCallableWith();
    expectTypeOf<Client["maybe"]>().toBeCallableWith(rpc.opts({}));
    expectTypeOf<Client["maybe"]>().toBeCallableWith("Ada", rpc.opts({}));
  });

  test("refuse wrong inputs and options", () => {
    const misuses = async (): Promise<void> => {
      const client = ingress.serviceClient(Greeter);
      // @ts-expect-error an input is missing
      await client.greet();
      // @ts-expect-error a wrong input
      await client.greet(5);
      // @ts-expect-error options are made by rpc.opts
      await client.greet("Ada", { idempotencyKey: "k" });
      // @ts-expect-error options of a send
      await client.greet("Ada", rpc.sendOpts({}));
      // @ts-expect-error no such handler
      await client.unknown();
    };
    expectTypeOf(misuses).toBeFunction();
  });

  test("follow a type argument beside a name, be it a class, an instance or a definition", () => {
    const byClass = () => ingress.serviceClient<typeof Greeter>(name);
    const byInstance = () => ingress.serviceClient<Greeter>(name);
    const byValue = () => ingress.serviceClient(Greeter);

    expectTypeOf(byClass).returns.toEqualTypeOf<ReturnType<typeof byValue>>();
    expectTypeOf(byInstance).returns.toEqualTypeOf<ReturnType<typeof byValue>>();
    const byDefinition = () => ingress.objectClient<Counter>(name, "k");
    expectTypeOf(byDefinition().add).returns.resolves.toEqualTypeOf<number>();
  });

  test("follow a definition, and refuse one of another kind", () => {
    const misuses = (counter: Counter, greeter: GreeterDefinition): void => {
      expectTypeOf(ingress.objectClient(counter, "k").add).returns.resolves.toEqualTypeOf<number>();
      expectTypeOf(ingress.serviceClient(greeter).greet).toBeCallableWith("Ada");
      // @ts-expect-error an object is no service
      ingress.serviceClient(counter);
      // @ts-expect-error a service has no key
      ingress.objectClient(greeter, "k");
      // @ts-expect-error an object needs a key
      ingress.objectClient(counter);
    };
    expectTypeOf(misuses).toBeFunction();
  });

  test("of sends resolve with handles whose result has the handler's type", () => {
    const make = () => ingress.serviceSendClient(Greeter);
    type Client = ReturnType<typeof make>;

    expectTypeOf<Client["greet"]>().toBeCallableWith("Ada", rpc.sendOpts({ delay: { days: 1 } }));
    expectTypeOf<Client["greet"]>().returns.resolves.toEqualTypeOf<SendHandle<{ text: string }>>();
    const resultOf = (handle: SendHandle<{ text: string }>) => ingress.result(handle);
    expectTypeOf(resultOf).returns.resolves.toEqualTypeOf<{ text: string }>();
  });

  test("of workflows have submit, attach and output in place of run", () => {
    const make = () => ingress.workflowClient(Signup, "k");
    type Client = ReturnType<typeof make>;
    type Result = { success: boolean };

    expectTypeOf<keyof Client>().toEqualTypeOf<
      "workflowSubmit" | "workflowAttach" | "workflowOutput" | "getStatus"
    >();
    expectTypeOf<Client["workflowSubmit"]>().toBeCallableWith({ name: "Ada" }, rpc.sendOpts({}));
    expectTypeOf<Client["workflowSubmit"]>().returns.resolves.toEqualTypeOf<
      WorkflowSubmission<Result>
    >();
    expectTypeOf<Client["workflowAttach"]>().returns.resolves.toEqualTypeOf<Result>();
    expectTypeOf<Client["workflowOutput"]>().returns.resolves.toEqualTypeOf<
      WorkflowOutput<Result>
    >();
    const resultOf = (submission: WorkflowSubmission<Result>) => ingress.result(submission);
    expectTypeOf(resultOf).returns.resolves.toEqualTypeOf<Result>();
  });
});
