// What the compiler says of clients. Checked by tsc, with the tests' own configuration.

import type { Definition, Descriptor, HandlerDescriptor } from "@perdure/protocol/definitions";
import { describe, expectTypeOf, test } from "vitest";
import type { Output, Send, WorkflowSubmission } from "./client-types.js";
import { connect } from "./connect.js";
import { rpc, type Opts, type SendOpts } from "./options.js";
import type { Serde } from "./serde.js";
import { serde } from "./serdes.js";

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
type Descriptors = {
  readonly greet: HandlerDescriptor<string, { text: string }>;
  readonly ping: HandlerDescriptor<void, number>;
};
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
    expectTypeOf<Client["greet"]>().returns.resolves.toEqualTypeOf<Send<{ text: string }>>();
    const resultOf = (handle: Send<{ text: string }>) => ingress.result(handle);
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
    expectTypeOf<Client["workflowOutput"]>().returns.resolves.toEqualTypeOf<Output<Result>>();
    const resultOf = (submission: WorkflowSubmission<Result>) => ingress.result(submission);
    expectTypeOf(resultOf).returns.resolves.toEqualTypeOf<Result>();
  });

  test("follow an interface's descriptors, by kind", () => {
    const uses = (
      service: Descriptor<"service", "Greeter", Descriptors>,
      object: Descriptor<"object", "Greeter", Descriptors>,
      workflow: Descriptor<
        "workflow",
        "Greeter",
        Descriptors & { run: HandlerDescriptor<string, number> }
      >,
    ) => {
      const client = ingress.client(service);
      expectTypeOf<keyof typeof client>().toEqualTypeOf<"greet" | "ping">();
      expectTypeOf(client.greet).toBeCallableWith("Ada");
      expectTypeOf(client.greet).returns.resolves.toEqualTypeOf<{ text: string }>();
      expectTypeOf(client.ping).toBeCallableWith();
      expectTypeOf(client.ping).toBeCallableWith(rpc.opts({ timeout: 5 }));
      // @ts-expect-error a wrong input
      void client.greet(5);
      expectTypeOf(ingress.client(object, "k").greet).toEqualTypeOf<typeof client.greet>();
      expectTypeOf(ingress.serviceClient(service)).toEqualTypeOf<typeof client>();
      expectTypeOf(ingress.objectClient(object, "k")).toEqualTypeOf<typeof client>();
      expectTypeOf(ingress.scope("s").client(object, "k")).toEqualTypeOf<typeof client>();
      expectTypeOf(ingress.client(workflow, "k").run).returns.resolves.toEqualTypeOf<number>();
      expectTypeOf(
        ingress.workflowClient(workflow, "k").workflowAttach,
      ).returns.resolves.toEqualTypeOf<number>();
      expectTypeOf(ingress.sendClient(service).ping).returns.resolves.toEqualTypeOf<Send<number>>();
      // @ts-expect-error an object needs a key
      ingress.client(object);
      // @ts-expect-error a service has none
      ingress.client(service, "k");
      // @ts-expect-error a workflow is no object
      ingress.objectClient(workflow, "k");
    };
    expectTypeOf(uses).toBeFunction();
  });

  test("take serdes of the handler's own types, and no others", () => {
    const uses = async (text: Serde<string>, result: Serde<{ text: string }>) => {
      const { greet } = ingress.serviceClient(Greeter);
      const { greet: send } = ingress.serviceSendClient(Greeter);
      await greet("Ada", rpc.opts({ input: text, output: result }));
      await greet("Ada", rpc.opts<string, { text: string }>({ idempotencyKey: "k" }));
      await send("Ada", rpc.sendOpts({ input: text }));
      // @ts-expect-error the result is no number
      await greet("Ada", rpc.opts({ output: serde.binary }));
      // @ts-expect-error the input is no number of bytes
      await send("Ada", rpc.sendOpts({ input: serde.binary }));
    };
    expectTypeOf(uses).toBeFunction();
  });

  test("take options that were made beforehand, for whatever handler", () => {
    const options = rpc.opts({ idempotencyKey: "k" });
    const sendOptions = rpc.sendOpts({ delay: 5 });

    expectTypeOf(options).toEqualTypeOf<Opts>();
    expectTypeOf(sendOptions).toEqualTypeOf<SendOpts>();
    const { greet, ping } = ingress.serviceClient<Greeter>(name);
    expectTypeOf(greet).toBeCallableWith("Ada", options);
    expectTypeOf(ping).toBeCallableWith(options);
    const { greet: send } = ingress.serviceSendClient<Greeter>(name);
    expectTypeOf(send).toBeCallableWith("Ada", sendOptions);
  });

  test("of names alone take what type arguments say", () => {
    const uses = async () => {
      const target = { service: "Counter", key: "k", handler: "add" };
      expectTypeOf(await ingress.call(target)).toEqualTypeOf<unknown>();
      const sum = await ingress.call<number, string>({ ...target, parameter: 5 });
      expectTypeOf(sum).toEqualTypeOf<string>();
      expectTypeOf(await ingress.send({ ...target, parameter: 5 })).toEqualTypeOf<Send>();
      // @ts-expect-error a wrong parameter
      await ingress.call<number, string>({ ...target, parameter: "5" });
    };
    expectTypeOf(uses).toBeFunction();
  });

  test("of scopes have the makers of the connection, and nothing else of it", () => {
    type Scoped = ReturnType<typeof ingress.scope>;

    expectTypeOf<keyof Scoped>().toEqualTypeOf<
      | "serviceClient"
      | "serviceSendClient"
      | "objectClient"
      | "objectSendClient"
      | "workflowClient"
      | "client"
      | "sendClient"
    >();
  });
});
