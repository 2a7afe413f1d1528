// The steps of small handlers, as one line of text each: `name(inner, …)` for forms of code, `operation "name"` for steps.

import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import type { StepModel, StepsModel } from "../../model/services.js";
import { handlersIn, projectOf, repository, sourcePath } from "./handlers.fixture.js";
import { stepsOf } from "./steps.js";

interface Case {
  readonly module?: string;
  readonly body: string;
  readonly steps: string;
  /** Default: true. */
  readonly complete?: boolean;
}

const groups: Readonly<Record<string, Readonly<Record<string, Case>>>> = {
  "each operation": {
    "of steps, timers and time": {
      body: `
        await ctx.run("charge", () => 1);
        await ctx.run(() => 1);
        await ctx.sleep(1);
        await ctx.sleep({ days: 1 }, "a day");
        await ctx.date.now();
        ctx.rand.uuidv4();
        ctx.console.log(ctx.request().id);
        await ctx.run("limited", () => 1).orTimeout(5);`,
      steps: `run "charge", run, sleep, sleep "a day", date, run "limited", sleep`,
    },
    "of state": {
      body: `
        ctx.set("items", (await ctx.get<number>("count")) ?? 0);
        ctx.clear("items");
        ctx.clearAll();
        return [ctx.key, await ctx.stateKeys()];`,
      steps: `get "count", set "items", clear "items", clearAll, stateKeys`,
    },
    "of promises, which are asked for where they are awaited": {
      body: `
        const clicked = ctx.promise<string>("clicked");
        const both = ctx.promise<string>("both");
        await ctx.promise("other").peek();
        await clicked;
        await clicked;
        await ctx.promise("done").resolve(1);
        await both.reject("no");
        return ctx.promise("last");`,
      steps: `promise.peek "other", promise "clicked", promise.resolve "done", promise.reject "both", promise "last"`,
    },
    "of awakeables and signals": {
      body: `
        const { id, promise } = ctx.awakeable<string>();
        ctx.resolveAwakeable(id, "x");
        ctx.rejectAwakeable(id, "y");
        await promise;
        await ctx.signal("go");
        const other = ctx.invocation("inv_1" as never);
        other.signal("go").resolve(1);
        other.signal("stop").reject("x");
        other.cancel();
        await other.attach();
        await other.output();
        await ctx.attach("inv_1" as never);`,
      steps: `awakeable, awakeable.resolve, awakeable.reject, signal "go", signal.resolve "go", signal.reject "stop", cancel, attach, output, attach`,
    },
    "of calls and sends": {
      module: `
        const mailer = service({ name: "mailer", handlers: { send: async (_: Context, to: string) => to } });`,
      body: `
        const counter = ctx.objectClient(Counter, "a");
        await counter.add(1);
        ctx.serviceSendClient(mailer).send("x", rpc.sendOpts({ delay: 1 }));
        await ctx.serviceClient<typeof mailer>({ name: "mailer" }).send("y");
        await ctx.scope("s").objectClient(Counter, "a").add(2);
        await ctx.genericCall({ service: "Other", method: "do", parameter: new Uint8Array() });
        ctx.genericSend({ service: input, method: "do", parameter: new Uint8Array() });
        const { invocationId } = ctx.objectSendClient(Counter, "b").add(1);
        await invocationId;`,
      steps: `call "counting/add", send "mailer/send", call "mailer/send", call "counting/add", call "Other/do", send "*/do", send "counting/add"`,
    },
  },
  names: {
    "are read where they are constant": {
      module: `
        const name = "constant";
        const names = { charge: "charge it" } as const;
        enum Names { Ship = "ship it" }`,
      body: `
        await ctx.run(name, () => 1);
        await ctx.run(names.charge, () => 1);
        await ctx.run(Names.Ship, () => 1);
        await ctx.run(\`step \${input} of \${name}\`, () => 1);
        await ctx.run("item " + input, () => 1);
        await ctx.run(input, () => 1);`,
      steps: `run "constant", run "charge it", run "ship it", run "step * of constant", run "item *", run`,
    },
  },
  "forms of code": {
    "are kept around steps, and left out around nothing": {
      body: `
        if (await ctx.get("ready")) {
          await ctx.run("then", () => 1);
        } else if (input) {
          ctx.console.log("nothing");
        } else {
          await ctx.run("else", () => 1);
        }
        if (input) return 1;
        for (const item of await ctx.run("list", () => [1])) await ctx.run("item", () => item);
        while (await ctx.get("more")) await ctx.sleep(1);
        for (let at = 0; at < 3; at++) input.push(at);`,
      steps: `get "ready", if(run "then"), else(else(run "else")), run "list", loop(run "item"), loop(get "more", sleep)`,
    },
    "are switches, tries and short cuts": {
      body: `
        switch (input) {
          case "a":
            await ctx.run("a", () => 1);
            break;
          case "b":
            break;
          default:
            await ctx.run("other", () => 1);
        }
        try {
          await ctx.run("try", () => 1);
        } catch (error) {
          await ctx.run("undo", () => 1);
          throw error;
        } finally {
          ctx.set("done", true);
        }
        const value = (await ctx.get("a")) ?? (await ctx.get("b"));
        return input ? ctx.run("yes", () => 1) : value;`,
      steps: `switch(case "a"(run "a"), case "default"(run "other")), try(run "try"), catch(run "undo"), finally(set "done"), get "a", if(get "b"), if(run "yes")`,
    },
    "are callbacks": {
      body: `
        const undo: (() => Promise<unknown>)[] = [];
        undo.push(() => ctx.run("undo", () => 1));
        await DurablePromise.all([1, 2].map((id) => ctx.run("each", () => id)));
        await ctx.sleep(1).map(() => "mapped");`,
      steps: `callback(run "undo"), callback(run "each"), sleep`,
    },
  },
  functions: {
    "that are given the context are read in the place of their call": {
      module: `
        async function charge(context: WorkflowContext, name: string) {
          await context.run("charge " + name, () => 1);
          return ship(context);
        }
        const ship = async (c: WorkflowContext) => c.run("ship", () => 1);
        const named = ({ ctx, key }: { ctx: WorkflowContext; key: string }) => ctx.get(key);
        class Steps { static async last(ctx: WorkflowContext) { await ctx.sleep(1); } }`,
      body: `
        const local = async () => { await ctx.run("local", () => 1); };
        await charge(ctx, "card");
        await local();
        await named({ ctx, key: "x" });
        await Steps.last(ctx);
        return local();`,
      steps: `run "charge card", run "ship", run "local", get "x", sleep, run "local"`,
    },
    "that wrap steps are read with what they are given": {
      module: `
        const step = <T>(context: WorkflowContext, name: string, action: () => T) =>
          context.run(name, action);
        async function twice(context: WorkflowContext, action: () => Promise<unknown>) {
          await action();
          await action();
        }
        const greet = (counter: ReturnType<typeof clientOf>) => counter.add(1);
        const clientOf = (context: WorkflowContext) => context.objectClient(Counter, "a");`,
      body: `
        await step(ctx, "wrapped", () => 1);
        await twice(ctx, () => ctx.run("again", () => 1));
        await greet(clientOf(ctx));`,
      steps: `run "wrapped", run "again", run "again", call "*/add"`,
    },
    "that call themselves are not complete": {
      module: `
        async function down(context: WorkflowContext, left: number): Promise<void> {
          await context.run("down", () => left);
          if (left > 0) await down(context, left - 1);
        }`,
      body: `await down(ctx, 3);`,
      steps: `run "down"`,
      complete: false,
    },
    "that give a promise back do not ask for it": {
      module: `
        const given = (context: WorkflowContext) => context.promise("given");
        const asked = async (context: WorkflowContext) => context.promise("asked");`,
      body: `
        given(ctx);
        await asked(ctx);
        return given(ctx);`,
      steps: `promise "asked", promise`,
    },
    "that call themselves without steps do not matter": {
      body: `
        const depth = (tree: any): number => (tree.inner ? 1 + depth(tree.inner) : 0);
        await ctx.run("depth " + depth(input), () => 1);`,
      steps: `run "depth *"`,
    },
    "that nobody can read are not complete": {
      module: `declare function unknown(context: WorkflowContext): Promise<void>;`,
      body: `
        await ctx.run("a", () => 1);
        await unknown(ctx);`,
      steps: `run "a"`,
      complete: false,
    },
  },
  "a context": {
    "that is kept is followed no further": {
      module: `const kept: { ctx?: WorkflowContext } = {};`,
      body: `
        kept.ctx = ctx;
        await ctx.run("a", () => 1);`,
      steps: `run "a"`,
      complete: false,
    },
    "in an object of a class is followed no further": {
      module: `
        class Saga {
          readonly #ctx: WorkflowContext;
          constructor(ctx: WorkflowContext) { this.#ctx = ctx; }
          async go() { await this.#ctx.run("hidden", () => 1); }
        }`,
      body: `await new Saga(ctx).go();`,
      steps: ``,
      complete: false,
    },
    "that a helper gives back is the same": {
      module: `const internalsOf = (ctx: Context) => ctx as internal.ContextInternal;`,
      body: `
        const internals = internalsOf(ctx);
        await internals.cancelPreviousCalls();
        await internalsOf(ctx).sleep(1);`,
      steps: `cancel, sleep`,
    },
    "by another name, in parts, or cast is the same": {
      body: `
        const other = ctx as Context;
        const { run } = ctx;
        await other.run("a", () => 1);
        await run("b", () => 1);
        await (ctx as internal.ContextInternal).cancelPreviousCalls();`,
      steps: `run "a", run "b", cancel`,
    },
  },
};

function sourceOf({ module = "", body }: Case): string {
  return `
  import { DurablePromise, exclusive, internal, object, rpc, run, service, workflow } from "@perdure/sdk";
  import type { Context, ObjectContext, WorkflowContext } from "@perdure/sdk";
${module}
@object({ name: "counting" })
export class Counter {
  @exclusive()
  async add(_ctx: ObjectContext, by: number): Promise<number> {
    return by;
  }
}
@workflow()
export class Flow {
  @run()
  async run(ctx: WorkflowContext, input: any): Promise<unknown> {
    ${body}
    return undefined;
  }
}
`;
}

/** Code, and the steps that it has. */
interface Generated {
  readonly code: string;
  readonly steps: string;
}

const leaf: fc.Arbitrary<Generated> = fc.constantFrom(
  { code: `await ctx.run("a", () => 1);`, steps: `run "a"` },
  { code: `await ctx.sleep(1, "nap");`, steps: `sleep "nap"` },
  { code: `ctx.set("k", await ctx.get("l"));`, steps: `get "l", set "k"` },
  { code: `ctx.console.log("nothing");`, steps: `` },
);

const { block } = fc.letrec<{ block: Generated; form: Generated }>((tie) => ({
  block: fc.array(tie("form"), { maxLength: 3 }).map((all) => ({
    code: all.map(({ code }) => code).join("\n"),
    steps: all
      .map(({ steps }) => steps)
      .filter((text) => text !== "")
      .join(", "),
  })),
  form: fc.oneof(
    { depthSize: "small" },
    leaf,
    tie("block").map((inner) => wrapped("if (input) {", inner, "}", "if")),
    tie("block").map((inner) => wrapped("for (const each of input) {", inner, "}", "loop")),
    tie("block").map((inner) => wrapped("try {", inner, "} catch (e) { throw e; }", "try")),
  ),
}));

function wrapped(open: string, { code, steps }: Generated, close: string, form: string): Generated {
  return { code: `${open}\n${code}\n${close}`, steps: steps === "" ? "" : `${form}(${steps})` };
}

const generated = fc.sample(block, { numRuns: 60, seed: 4 });
const generatedSource = `
  import type { WorkflowContext } from "@perdure/sdk";
${generated.map(({ code }, at) => `export async function flow${at}(ctx: WorkflowContext, input: any) {\n${code}\n}`).join("\n")}`;

const cases = Object.entries(groups).flatMap(([group, named]) =>
  Object.entries(named).map(([name, one]) => ({ key: `${group} ${name}`, group, name, one })),
);
const project = projectOf({
  ...Object.fromEntries(cases.map(({ key, one }) => [fileOf(key), sourceOf(one)])),
  generated: generatedSource,
});
const tour = project.addSourceFilesAtPaths([
  `${repository}examples/tour/src/*.ts`,
  "!**/*.test.ts",
]);

function fileOf(key: string): string {
  return key.replaceAll(/\W+/g, "-");
}

// The first look reads the SDK and the platform's types.
beforeAll(() => void readSteps(fileOf(cases[0]?.key ?? "")), 60_000);

function readSteps(file: string): StepsModel {
  const handlers = handlersIn(project.getSourceFileOrThrow(sourcePath(file)));
  const flow = handlers.find(({ service }) => service === "Flow");
  if (flow === undefined) throw new Error(`no handler in ${file}`);
  return stepsOf(flow);
}

function textOf(steps: readonly StepModel[]): string {
  return steps
    .map(({ operation, name, inner }) => {
      const named = name === "" ? operation : `${operation} "${name}"`;
      return inner.length === 0 ? named : `${named}(${textOf(inner)})`;
    })
    .join(", ");
}

describe.each(Object.keys(groups))("%s", (group) => {
  test.each(cases.filter((each) => each.group === group))(
    "$name",
    ({ key, one }) => {
      const { steps, complete } = readSteps(fileOf(key));
      expect(textOf(steps)).toBe(one.steps);
      expect(complete).toBe(one.complete ?? true);
    },
    30_000,
  );
});

test("generated code has the steps that it was made of", () => {
  const handlers = handlersIn(project.getSourceFileOrThrow(sourcePath("generated")));
  expect(handlers.map((each) => textOf(stepsOf(each).steps))).toEqual(
    generated.map(({ steps }) => steps),
  );
}, 30_000);

test("the tour's workflows are read completely", () => {
  const handlers = tour.flatMap((file) => handlersIn(file));
  const read = handlers.map((each): [string, StepsModel] => [
    `${each.service}/${each.handler}`,
    stepsOf(each),
  ]);

  expect(read.filter(([, { complete }]) => !complete)).toEqual([]);
  const timers = read.find(([name]) => name === "SignupWithTimersWorkflow/run")?.[1].steps ?? [];
  expect(textOf(timers)).toBe(
    `run "verify", promise "email-verified", sleep, loop(sleep, switch(case "remind"(run "remind")))`,
  );
  const sagas = read.find(([name]) => name === "SignupWithSagasWorkflow/run")?.[1].steps ?? [];
  expect(textOf(sagas)).toBe(
    `try(run "create", run "activate", run "subscribe"), catch(loop(run))`,
  );
  const calls = read.find(([name]) => name === "SignupWithActivitiesWorkflow/run")?.[1].steps ?? [];
  expect(textOf(calls)).toBe(
    `call "UserService/createUser", call "UserService/activateUser", run "welcome"`,
  );
}, 60_000);
