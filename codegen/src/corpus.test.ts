// What codegen makes of the projects in codegen/corpus is what is written down there, byte for byte; and the tools that
// people will use on it take it.

import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { clearField, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { afterAll, describe, expect, it } from "vitest";
import {
  contracts,
  corpus,
  expectedFiles,
  expectedOf,
  findings,
  findingsExpected,
  generationsOf,
  writeProtos,
  type Expected,
  type Generation,
} from "./corpus.fixture.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const timeout = 120_000;
const all = new Map<string, readonly Generation[]>();
const folders: string[] = [];

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "perdure-corpus-"));
  folders.push(made);
  return made;
}

afterAll(() => {
  for (const made of folders) rmSync(made, { recursive: true });
});

/** Where it differs, `npm run codegen:corpus` writes what comes out now. */
function compare(expected: Expected, path: string): void {
  expect(Object.fromEntries(expected)).toEqual(Object.fromEntries(expectedFiles(path)));
}

describe("the corpus", () => {
  it.each(contracts)("contract %s", { timeout }, async (name) => {
    const generations = await generationsOf(name);
    all.set(name, generations);
    compare(expectedOf(generations), `contracts/${name}`);
  });

  it("findings", { timeout }, () => {
    const expected = findingsExpected();
    for (const name of findings) compare(expected.get(name) ?? new Map(), `findings/${name}`);
  });

  it("has every error of reading, of protobuf and of replay that is documented", () => {
    const listed = [
      ...readFileSync(join(root, "docs/errors.md"), "utf8").matchAll(/^## (PDR6[0-2]\d\d) /gm),
    ].map(([, code = ""]) => code);
    const groups = [
      ...contracts.map((name) => `contracts/${name}`),
      ...findings.map((name) => `findings/${name}`),
    ];
    const texts = groups.flatMap((path) => [...expectedFiles(path).values()]).join("\n");
    // What reading refuses first (PDR6012), and a plugin that fails.
    const unreachable = ["PDR6107", "PDR6112"];

    expect(listed.filter((code) => !texts.includes(code))).toEqual(unreachable);
  });
});

const prefixes = ["", "v2.", "v3."];

describe("what was generated", () => {
  it.each(prefixes)(
    "passes buf lint, and is what buf builds of it: %s",
    { timeout },
    async (prefix) => {
      const made = [...all.values()].flat().filter((one) => one.prefix === prefix);
      const protos = folder();
      writeProtos(protos, made);
      const buf = join(root, "node_modules/.bin/buf");
      await run(buf, ["lint"], { cwd: protos });
      const image = join(protos, "image.binpb");
      await run(buf, ["build", "--exclude-source-info", "--as-file-descriptor-set", "-o", image], {
        cwd: protos,
      });
      const built = byPackage(readFileSync(image));

      const ours = made.flatMap(({ package: name, generated }) => {
        const { manifest } = generated;
        const file = manifest && byPackage(manifest.descriptorSet).get(name);
        return file === undefined ? [] : [[name, file] as const];
      });
      for (const [name, file] of ours) expect([name, built.get(name)]).toEqual([name, file]);
      expect(ours.length).toBeGreaterThan(0);
    },
  );

  it("has clients that compile", { timeout }, async () => {
    const made = [...all.keys()].flatMap((name) =>
      [...expectedFiles(`contracts/${name}`).keys()]
        .filter((file) => file.endsWith("clients.ts"))
        .map((file) => join(corpus, "contracts", name, file)),
    );
    const tsconfig = join(folder(), "tsconfig.json");
    const compilerOptions = {
      noEmit: true,
      composite: false,
      // Users export what is generated.
      declaration: true,
      lib: ["es2023", "esnext.disposable", "dom", "dom.iterable"],
      noUnusedLocals: true,
      types: ["node"],
      typeRoots: [join(root, "node_modules/@types")],
    };
    writeFileSync(
      tsconfig,
      JSON.stringify({ extends: join(root, "tsconfig.base.json"), compilerOptions, files: made }),
    );

    await run(process.execPath, [
      join(root, "node_modules/typescript/bin/tsc"),
      "-p",
      tsconfig,
    ]).catch(({ stdout }: { stdout: string }) => expect(stdout).toBe(""));
    expect(made.length).toBeGreaterThan(50);
  });

  it.each(["enums", "several-files", "steps", "zod"])(
    "is the same in a folder and a run of its own: %s",
    { timeout },
    async (name) => {
      const cwd = copyOf(name);
      compare(expectedOf(await generationsOf(name, cwd)), `contracts/${name}`);
    },
  );

  // Which types the compiler meets first must not show. It meets those of `extra` first or last.
  it.each(["enums", "generics", "unions-of-json-types", "utility-types"])(
    "is the same whatever file is read first: %s",
    { timeout },
    async (name) => {
      const made = [];
      for (const extra of ["0-extra.ts", "zz-extra.ts"]) {
        const cwd = copyOf(name);
        writeFileSync(join(cwd, extra), extraService(readFileSync(join(cwd, "input.ts"), "utf8")));
        made.push(Object.fromEntries(expectedOf(await generationsOf(name, cwd))));
      }
      expect(made[0]).toEqual(made[1]);
      expect(Object.keys(made[0] ?? {})).toContain("expected.proto");
    },
  );
});

function copyOf(name: string): string {
  const cwd = folder();
  cpSync(join(corpus, "contracts", name), cwd, { recursive: true });
  symlinkSync(join(root, "node_modules"), join(cwd, "node_modules"), "dir");
  return cwd;
}

/** A service whose types are the literals of the code, the last first. */
function extraService(code: string): string {
  const literals = [...new Set(code.match(/"[\w-]+"/g) ?? [])].toReversed();
  const handlers = literals.map(
    (literal, at) => `  @handler()
  async h${at}(_: Context, value: ${[literal, ...literals.slice(at + 1)].join(" | ")}): Promise<void> {
    void value;
  }
`,
  );
  return `import { handler, service, type Context } from "@perdure/sdk";

@service({ name: "000-extra" })
export class ExtraService {
${handlers.join("")}}
`;
}

function byPackage(bytes: Uint8Array): Map<string, FileDescriptorProto> {
  const { file } = fromBinary(FileDescriptorSetSchema, bytes);
  return new Map(
    file.map((one) => {
      clearField(one, FileDescriptorProtoSchema.field.sourceCodeInfo);
      const plain = fromBinary(FileDescriptorProtoSchema, toBinary(FileDescriptorProtoSchema, one));
      return [one.package, plain];
    }),
  );
}
