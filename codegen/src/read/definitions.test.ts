// Service types in every way in which they can be written, and every complaint about them.

import { beforeAll, describe, expect, it } from "vitest";
import type { HandlerModel } from "../model/services.js";
import { readCode, type Reading } from "./project.fixture.js";

const sdk = "@perdure/sdk";

const files: Record<string, string> = {
  "names.ts": `export const prefix = "shop" as const;
export const names = { cart: \`\${prefix}-cart\`, retention: { days: 3 } } as const;
export enum Names { Audit = "audit" }
export const week = 7 * 24 * 3600 * 1000;`,
  "classes.ts": `import { exclusive, handler, object, run, service, shared, workflow as flow } from "${sdk}";
import type { Context, ObjectContext, ObjectSharedContext, WorkflowContext, WorkflowSharedContext } from "${sdk}";
import { names, week } from "./names.js";
class Base<T> {
  /** From the base. */
  @handler() async inherited(_: Context, value: T): Promise<T[]> { return [value]; }
  @handler() async hidden(_: Context): Promise<void> {}
  @handler() async overridden(_: Context): Promise<number> { return 1; }
}
/**
 * Greets.
 * @deprecated use Greeter2
 */
@service({ description: "Said by an option", metadata: { team: "a", area: "b" } })
export class Greeter extends Base<Date> {
  static readonly timeout = { seconds: 90 };
  async helper(): Promise<void> {}
  override async hidden(_: Context): Promise<void> {}
  /** Says hello.
   * @renamedFrom hello
   * @param name whom to greet */
  @handler({ inactivityTimeout: Greeter.timeout, ingressPrivate: true, retryPolicy: { maxAttempts: Infinity, initialInterval: 250, onMaxAttempts: "kill" } })
  async greet(_: Context, name: string): Promise<string> { return name; }
  @handler() override async overridden(_: Context): Promise<number> { return 2; }
  @handler({ idempotencyRetention: week, accept: "text/*" }) async "with-dash"(_: Context): Promise<void> {}
}
@object({ name: names.cart, enableLazyState: true, journalRetention: names.retention })
class Cart {
  @exclusive() async add(_: ObjectContext): Promise<void> {}
  @shared() async items(_: ObjectSharedContext): Promise<string[]> { return []; }
}
@flow({ workflowRetention: { days: 1, hours: 2 } })
export default class Signup {
  @run() async run(_: WorkflowContext, user: { name: string }): Promise<boolean> { return user.name !== ""; }
  /** @jsonOnly */
  @shared() async odd(_: WorkflowSharedContext, input: Map<string, string>): Promise<void> { void input; }
}
export const Expressed = @service() class { @handler() async go(_: Context): Promise<void> {} };
export { Cart };`,
  "functions.ts": `import * as restate from "${sdk}";
import type { Context } from "${sdk}";
import { Names } from "./names.js";
import { greet as imported, tools } from "./tools.js";
const base = { spread: async (_: Context): Promise<void> => {} };
async function plain(_: Context, a: number): Promise<number> { return a; }
const { shared: besides } = restate.handlers.object;
/** Audits. */
const audit = restate.service({
  name: Names.Audit,
  description: "Keeps a log",
  options: {
    abortTimeout: 1500,
    inactivityTimeout: { seconds: Number(process.env["SECONDS"]), minutes: 1 },
    journalRetention: tools.length,
  },
  handlers: {
    ...base,
    /** Adds a line. */
    arrow: async (_: Context, line: string): Promise<void> => { void line; },
    async method(_: Context): Promise<Date> { return new Date(0); },
    plain,
    imported,
    tool: tools.sharpen,
    made: restate.handlers.handler({ description: "Made" }, async (_: Context, b: Uint8Array): Promise<void> => void b),
    direct: restate.createServiceHandler(plain),
  },
});
export const counter = restate.object({ name: "Counter", handlers: {
  add: async (_: restate.ObjectContext, by: number): Promise<number> => by,
  get: restate.handlers.object.shared(async (_: restate.ObjectSharedContext): Promise<number> => 1),
  peek: besides({ enableLazyState: true }, async (_: restate.ObjectSharedContext): Promise<number> => 1),
} });
/** @jsonOnly */
export const flow = restate.workflow({ name: "Flow", handlers: {
  run: async (_: restate.WorkflowContext, f: () => void): Promise<void> => f(),
  poke: async (_: restate.WorkflowSharedContext): Promise<void> => {},
} });
export const services = [audit];`,
  "tools.ts": `import type { Context } from "${sdk}";
/** From elsewhere. */
export async function greet(_: Context, name: string): Promise<string> { return name; }
export const tools = { sharpen: async (_: Context): Promise<void> => {} };`,
  "reexport.ts": `export { service as durable, handler as h } from "${sdk}";`,
  "renamed.ts": `import { durable, h } from "./reexport.js"; import type { Context } from "${sdk}";
@durable() export class Renamed { @h() async go(_: Context): Promise<void> {} }`,
};

let code: Reading;
beforeAll(() => {
  code = readCode(files);
}, 60_000);

function handlerOf(service: string, name: string): HandlerModel {
  const found = code.service(service).handlers.find((handler) => handler.name === name);
  if (found === undefined) throw new Error(`${service} has no ${name}`);
  return found;
}

const kindsOf = (service: string) =>
  code.service(service).handlers.map(({ name, kind }) => `${kind} ${name}`);

it("finds all of them, by name, and nothing wrong", () => {
  expect(code.problems()).toEqual([]);
  expect(code.model.services.map(({ name }) => name)).toEqual([
    "Counter",
    "Expressed",
    "Flow",
    "Greeter",
    "Renamed",
    "Signup",
    "audit",
    "shop-cart",
  ]);
});

describe("classes", () => {
  it("have the handlers that the SDK finds, in its order", () => {
    expect(kindsOf("Greeter")).toEqual([
      "shared greet",
      "shared overridden",
      "shared with-dash",
      "shared inherited",
    ]);
    expect(kindsOf("shop-cart")).toEqual(["exclusive add", "shared items"]);
    expect(kindsOf("Signup")).toEqual(["run run", "shared odd"]);
  });

  it("say what the handlers of a generic base take", () => {
    expect(handlerOf("Greeter", "inherited")).toMatchObject({
      doc: { text: "From the base." },
      input: { name: "value", type: { kind: "date" } },
      output: { type: { kind: "array", element: { kind: "date" } } },
    });
  });

  it("have docs, metadata, options, a place", () => {
    expect(code.service("Greeter")).toMatchObject({
      symbol: "Greeter",
      kind: "service",
      doc: { text: "Greets.", deprecated: "use Greeter2" },
      metadata: { area: "b", team: "a" },
      options: { description: "Said by an option" },
      place: { file: "src/classes.ts", line: 15, column: 14 },
    });
    expect(handlerOf("Greeter", "greet")).toMatchObject({
      doc: { text: "Says hello." },
      renamedFrom: "hello",
      options: {
        inactivityTimeoutMs: 90_000,
        ingressPrivate: true,
        retryPolicy: { maxAttempts: Infinity, initialIntervalMs: 250, onMaxAttempts: "kill" },
      },
      place: { file: "src/classes.ts", line: 23, column: 9 },
    });
    expect(handlerOf("Greeter", "with-dash").options).toEqual({
      idempotencyRetentionMs: 604_800_000,
      accept: "text/*",
    });
    expect(code.service("shop-cart")).toMatchObject({
      symbol: "Cart",
      options: { enableLazyState: true, journalRetentionMs: 259_200_000 },
    });
    expect(code.service("Signup").options).toEqual({ workflowRetentionMs: 93_600_000 });
  });
});

describe("functions", () => {
  it("are found however they are written", () => {
    expect(kindsOf("audit")).toEqual(
      ["spread", "arrow", "method", "plain", "imported", "tool", "made", "direct"].map(
        (name) => `shared ${name}`,
      ),
    );
    expect(kindsOf("Counter")).toEqual(["exclusive add", "shared get", "shared peek"]);
    expect(kindsOf("Flow")).toEqual(["run run", "shared poke"]);
  });

  it("have docs and the options that can be read from where they stand", () => {
    expect(code.service("audit")).toMatchObject({
      symbol: "audit",
      doc: { text: "Audits." },
      options: { description: "Keeps a log", abortTimeoutMs: 1500 },
    });
    expect(handlerOf("audit", "arrow").doc.text).toBe("Adds a line.");
    expect(handlerOf("audit", "imported").doc.text).toBe("From elsewhere.");
    expect(handlerOf("audit", "made")).toMatchObject({
      options: { description: "Made" },
      input: { name: "b", type: { kind: "bytes" }, encoding: "json" },
    });
    expect(handlerOf("Counter", "peek").options).toEqual({ enableLazyState: true });
  });
});

it("leaves out the types of what is JSON only", () => {
  expect(handlerOf("Signup", "odd")).toMatchObject({ jsonOnly: true });
  expect(handlerOf("Signup", "odd")).not.toHaveProperty("input");
  expect(code.service("Signup").jsonOnly).toBeUndefined();
  expect(code.service("Flow")).toMatchObject({ jsonOnly: true });
  expect(handlerOf("Flow", "run")).toMatchObject({ jsonOnly: true });
});

describe("complaints", () => {
  type Case = readonly [what: string, text: string, problem: string];
  const cases: readonly Case[] = [
    [
      "a name from the environment",
      `export const a = service({ name: process.env["NAME"] ?? "x", handlers: { go } });`,
      "PDR6005 2:34 the name of this service",
    ],
    [
      "a name from a parameter",
      `export const make = (name: string) => service({ name, handlers: { go } });`,
      "PDR6005 2:49 the name of this service",
    ],
    [
      "a definition that is made",
      `declare const given: { name: "a"; handlers: { go: typeof go } }; export const a = service(given);`,
      "PDR6005 2:91 the definition of a service",
    ],
    [
      "a class's computed name",
      `let n = "x"; @service({ name: n }) export class A { @handler() async a(_: Context): Promise<void> {} }`,
      "PDR6005 2:31 the name of the service A",
    ],
    [
      "an option of the contract from a function",
      `@service({ ingressPrivate: no() }) export class B1 { @handler() async a(_: Context): Promise<void> {} } function no() { return false; }`,
      "PDR6005 2:28 the option ingressPrivate of B1",
    ],
    [
      "handlers that are spread from a function",
      `export const a = service({ name: "B2", handlers: { ...more() } }); function more() { return { go }; }`,
      "PDR6005 2:52 the handlers of B2",
    ],
    [
      "a handler that is made",
      `export const a = service({ name: "B3", handlers: { made: make() } }); function make() { return go; }`,
      "PDR6008 2:52 the function of handler made of B3",
    ],
    [
      "several signatures",
      `async function two(_: Context, a: string): Promise<void>; async function two(_: Context, a: number): Promise<void>; async function two(): Promise<void> {} export const a = service({ name: "B4", handlers: { two } });`,
      "PDR6008 2:207 handler two of B4 has several signatures",
    ],
    [
      "type parameters",
      `@service() export class B5 { @handler() async any<T>(_: Context, value: T): Promise<void> { void value; } }`,
      "PDR6018 2:47 handler any of B5",
    ],
    [
      "a decorator that is not called",
      `@service export class B6 {}`,
      "PDR6006 2:1 @service is not called",
    ],
    [
      "two decorators",
      `@service() @object() export class B7 { @handler() async a(_: Context): Promise<void> {} }`,
      "PDR6006 2:12 class B7 is decorated twice",
    ],
    [
      "two decorators of a method",
      `@object() export class B8 { @exclusive() @shared() async a(_: ObjectContext): Promise<void> {} }`,
      "PDR6006 2:42 handler a of B8 is decorated twice",
    ],
    [
      "no handlers",
      `@service() export class B9 { async a(): Promise<void> {} }`,
      "PDR6006 2:25 B9 has no handlers",
    ],
    [
      "a workflow without run",
      `@workflow() export class C1 { @shared() async a(_: WorkflowSharedContext): Promise<void> {} }`,
      'PDR6006 2:26 the workflow C1 has no handler "run"',
    ],
    [
      "a shared handler of a service",
      `@service() export class C2 { @shared() async a(_: ObjectSharedContext): Promise<void> {} }`,
      "PDR6006 2:46 handler a of C2 can't be shared",
    ],
    [
      "an exclusive handler of a workflow",
      `@workflow() export class C3 { @run() async run(_: WorkflowContext): Promise<void> {} @exclusive() async a(_: ObjectContext): Promise<void> {} }`,
      "PDR6006 2:105 handler a of C3 can't be exclusive",
    ],
    [
      "an option of the wrong type",
      `@service({ ingressPrivate: "yes" }) export class C4 { @handler() async a(_: Context): Promise<void> {} }`,
      "PDR6006 2:28 the option ingressPrivate of C4",
    ],
    [
      "a serde of one's own",
      `export const a = service({ name: "C5", handlers: { a: handlers.handler({ input: { serialize: (n: number) => new Uint8Array(n), deserialize: () => 1 } }, async (_: Context, n: number) => n) } });`,
      "PDR6009 2:81 the input of C5.a",
    ],
    [
      "a parameter without a type",
      `export const a = service({ name: "C6", handlers: { a: async (_: Context, value): Promise<void> => void value } });`,
      "PDR6010 2:74 the input of C6.a",
    ],
    [
      "a result without a type",
      `@service() export class C7 { @handler() async a(_: Context) { return JSON.parse("1"); } }`,
      "PDR6010 2:47 the output of C7.a",
    ],
    [
      "a name that is taken",
      `@service({ name: "C7" }) export class C8 { @handler() async a(_: Context): Promise<void> {} }`,
      "PDR6007 2:39 two service types have the name C7: this one and the one at src/case-19.ts:2:25",
    ],
    [
      "a decorator from nowhere",
      `import { gone } from "./gone.js"; @gone() export class C9 { @handler() async a(_: Context): Promise<void> {} }`,
      "PDR6004 2:35 the decorator @gone()",
    ],
    [
      "an interface that is not there",
      `declare const face: ReturnType<typeof iface.service<"D1", { a: ReturnType<typeof iface.json> }>>; export const a = implement(face, { handlers: { a: async () => undefined } });`,
      "PDR6005 2:126 the interface that is implemented",
    ],
    [
      "a part of the SDK that does not exist",
      `import "@perdure/sdk/gone";`,
      "PDR6004 2:8 @perdure/sdk/gone can't be resolved",
    ],
    ["a syntax error", `export const = 5;`, "PDR6003 2:14 the file has a syntax error"],
  ];
  const fileOf = (at: number) => `case-${String(at)}.ts`;

  let wrong: Reading;
  beforeAll(() => {
    const head = `import { exclusive, handler, handlers, iface, implement, object, run, service, shared, workflow, type Context, type ObjectContext, type ObjectSharedContext, type WorkflowContext, type WorkflowSharedContext } from "${sdk}"; async function go(_: Context): Promise<void> {}`;
    wrong = readCode(
      Object.fromEntries(cases.map(([, text], at) => [fileOf(at), `${head}\n${text}`])),
    );
  }, 60_000);

  it.each(cases.map(([what], at): [string, number] => [what, at]))("about %s", (_, at) => {
    const problems = wrong
      .problems(fileOf(at))
      .map((text) => text.replace(`src/${fileOf(at)}:`, ""));
    const expected = cases[at]?.[2] ?? "";
    expect(problems.map((text) => text.slice(0, expected.length))).toEqual([expected]);
  });
});
