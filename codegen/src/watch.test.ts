import { EventEmitter, once } from "node:events";
import { expect, onTestFinished, test } from "vitest";
import { createProject, ordersSource } from "./project.fixture.js";
import type { CodegenRun } from "./run.js";
import { watch } from "./watch.js";

test("a change of a source, of what it imports, a new file and an error are each a run", async () => {
  const { settings, put } = createProject();
  const source = (order: string): string => ordersSource(order, "await ctx.sleep(1);");
  put("src/orders.ts", `import type { Id } from "../types/id.js";\n${source("id: Id")}`);
  put("types/id.ts", "export type Id = string;\n");
  const events = new EventEmitter();
  const errors: unknown[] = [];
  const watching = watch(settings, {
    onRun: (run) => events.emit("run", run),
    onError: (error) => errors.push(error),
    debounceMs: 20,
  });
  onTestFinished(watching.close);
  const next = async (): Promise<CodegenRun> => {
    const [run] = (await once(events, "run")) as [CodegenRun];
    return run;
  };
  const servicesOf = ({ generated }: CodegenRun): string[] =>
    generated.model.services.map(({ name }) => name);

  const first = await next();
  await watching.ready;
  expect(first.generated.diagnostics).toEqual([]);
  expect(first.written).toContain("manifest.json");

  const second = next();
  put("types/id.ts", "export type Id = string | null;\n");
  expect((await second).written).toContain("clients.ts");

  const broken = next();
  put("src/more.ts", "export const x: = 1;\n");
  expect(await broken).toMatchObject({ passed: false, written: [] });

  const repaired = next();
  const more = source("id: string")
    .replace("Orders", "More")
    .replace(/\bOrder\b/g, "MoreOrder");
  put("src/more.ts", more);
  expect(servicesOf(await repaired)).toEqual(["More", "Orders"]);
  expect(errors).toEqual([]);
}, 120_000);
