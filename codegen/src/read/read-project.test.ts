// Projects as a whole: which files and options count, that the same code gives the same result, and the tour.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readCode, writeProject } from "./project.fixture.js";
import { readProject } from "./read-project.js";

const timeout = 60_000;
const examples = fileURLToPath(new URL("../../../examples/", import.meta.url));

function service(name: string, type = "string", before = ""): string {
  return `import { handler, service, type Context } from "@perdure/sdk";
${before}
@service() export class ${name} { @handler() async take(_: Context, value: ${type}): Promise<void> { void value; } }`;
}

describe("the tour", () => {
  const read = readProject({
    cwd: join(examples, "tour"),
    sources: ["src/**/*.ts"],
    out: "gen",
    package: "tour.v1",
  });

  it("is read without a complaint", () => {
    expect(read.diagnostics.filter(({ code }) => code.startsWith("PDR60"))).toEqual([]);
    expect(read.model.services.map(({ name }) => name)).toEqual([
      "SignupWithActivitiesWorkflow",
      "SignupWithEventsWorkflow",
      "SignupWithQueriesWorkflow",
      "SignupWithRetriesWorkflow",
      "SignupWithSagasWorkflow",
      "SignupWithSignalsWorkflow",
      "SignupWithTimersWorkflow",
      "SignupWorkflow",
      "UserService",
      "sign-up-workflow",
      "signup",
      "user-signup",
    ]);
    expect(read.model.types.get("User")).toMatchObject({
      kind: "object",
      members: [{ name: "name" }, { name: "email" }],
      place: { file: "src/activities.ts" },
    });
  });

  it("names the files that it was read from", () => {
    expect(read.sources).toContain(join(examples, "tour/src/activities.ts"));
    expect(read.sources).toContain(join(examples, "tour/tsconfig.json"));
    expect(read.sources.filter((file) => file.includes("node_modules"))).toEqual([]);
  });
});

describe("which code is read", () => {
  it("leaves out tests, fixtures, declarations and the output", { timeout }, () => {
    const code = readCode({
      "kept.ts": service("Kept"),
      "left.test.ts": service("Left1"),
      "left.fixture.ts": service("Left2"),
      "gen/left.ts": service("Kept2"),
    });
    expect(code.model.services.map(({ name }) => name)).toEqual(["Kept"]);
  });

  it("knows what the project's declaration files declare for all", { timeout }, () => {
    const code = readCode({
      "a.ts": service("A", "Everywhere"),
      "src/globals.d.ts": "interface Everywhere { a: string }",
    });
    expect(code.problems()).toEqual([]);
    expect(code.type("Everywhere")).toMatchObject({ members: [{ name: "a" }] });
  });

  it("sees null and undefined where the project's options don't", { timeout }, () => {
    const code = readCode(
      {
        "a.ts": service("A", "{ a?: string; b: string | null }"),
        "loose.json": `{ "compilerOptions": { "strict": false, "target": "es2022", "module": "nodenext", "customConditions": ["source"], "notKnown": 1 } }`,
      },
      "loose.json",
    );
    expect(code.problems()).toEqual([]);
    expect(code.type("ATakeInput")).toMatchObject({
      members: [
        { name: "a", optional: true },
        { name: "b", type: { kind: "union" } },
      ],
    });
  });
});

describe("what can't be read at all", () => {
  it(
    "is said about the project: no files, no services, a tsconfig that is not there",
    { timeout },
    () => {
      expect(readCode({ "src/a.txt": "" }).problems()).toEqual([
        expect.stringMatching(/^PDR6001 no TypeScript files match "src/),
      ]);
      expect(readCode({ "a.ts": "export const a = 1;" }).problems()).toEqual([
        expect.stringMatching(/^PDR6001 no services are defined/),
      ]);
      expect(readCode({ "a.ts": service("A") }, "gone.json").problems()).toEqual([
        expect.stringMatching(/^PDR6002 .*gone\.json can't be read/),
      ]);
      expect(
        readCode(
          { "a.ts": service("A"), "b.json": `{ "extends": "./gone.json" }` },
          "b.json",
        ).problems(),
      ).toEqual([expect.stringMatching(/^PDR6002 /)]);
    },
  );
});

it("gives the same model, whatever else is read before", { timeout }, () => {
  const subject = service(
    "Subject",
    "{ status: Status; picked: Pick<Wide, 'b' | 'a'>; one: 'z' | 'a'; ids: typeof ids[number] }",
    `type Status = "lost" | "open" | "closed"; interface Wide { a: string; b: number; c: boolean }
const ids = ["y", "a", "x"] as const;`,
  );
  // Meets the same literals first, in another order.
  const noise = `export const words: ("closed" | "a" | "x" | "b" | "open" | "z" | "y" | "lost")[] = [];\n${service("Noise", "'open' | 'z' | 'x' | 'b'")}`;
  const alone = readCode({ "subject.ts": subject });
  const beside = readCode({ "a-noise.ts": noise, "subject.ts": subject });
  expect(alone.problems()).toEqual([]);
  expect(beside.service("Subject")).toEqual(alone.service("Subject"));
  for (const [name, type] of alone.model.types) expect(beside.type(name)).toEqual(type);
});

it("never runs the code, nor writes anything", { timeout }, () => {
  const { cwd, remove } = writeProject({
    "src/a.ts": `${service("A")}\nthrow new Error("was run");`,
  });
  const { diagnostics } = readProject({ cwd, sources: ["src/*.ts"], out: "gen", package: "a.v1" });
  expect(diagnostics.filter(({ code }) => code.startsWith("PDR60"))).toEqual([]);
  remove();
});
