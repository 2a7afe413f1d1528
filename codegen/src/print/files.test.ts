// The output as a whole, held against the tools that people will use on it: buf, protoc-gen-es and the compiler.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { clearField, create, fromBinary, fromJsonString, toBinary } from "@bufbuild/protobuf";
import {
  CodeGeneratorRequestSchema,
  CodeGeneratorResponseSchema,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
  type FileDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import { ManifestSchema } from "@perdure/proto/manifest/v1/manifest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  array,
  literal,
  modelOf,
  modelWith,
  named,
  nothing,
  number,
  object,
  optional,
  richModel,
  service,
  string,
  union,
} from "../lower/model.fixture.js";
import { lower } from "../lower/lower.js";
import type { GeneratedFile } from "../model/files.js";
import type { Model } from "../model/services.js";
import { contentHashOf } from "./content-hash.js";
import { filesOf, type Printed } from "./files.js";
import { esFiles, esRequest } from "./es.js";
import { ingressProto, ingressProtoPath } from "./ingress-proto.js";
import { typedProto, typedProtoPath } from "./typed-proto.js";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../../", import.meta.url));
const folders: string[] = [];

afterAll(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
});

async function written(files: readonly GeneratedFile[], parent = tmpdir()): Promise<string> {
  const folder = await mkdtemp(path.join(parent, "perdure-codegen-"));
  folders.push(folder);
  for (const file of files) {
    const target = path.join(folder, file.path);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, file.content);
  }
  return folder;
}

async function printed(
  model: Model,
  packageName = "tour.v1",
  previous?: Printed,
): Promise<Printed> {
  const found = await filesOf(model, { package: packageName }, previous?.manifest);
  expect(found.diagnostics).toEqual([]);
  return found;
}

async function buf(folder: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(path.join(root, "node_modules/.bin/buf"), args, {
    cwd: path.join(folder, "proto"),
  });
  return stdout;
}

function ownFile(bytes: Uint8Array, packageName: string): FileDescriptorProto {
  const { file } = fromBinary(FileDescriptorSetSchema, bytes);
  const own = file.find((one) => one.package === packageName);
  if (own === undefined) throw new Error(`no file of ${packageName}`);
  return own;
}

/** Comments by the path of what they stand above. */
function commentsOf({ sourceCodeInfo }: FileDescriptorProto): Record<string, string> {
  return Object.fromEntries(
    (sourceCodeInfo?.location ?? []).flatMap(
      ({ path: at, leadingComments, leadingDetachedComments }) => {
        const text = [...leadingDetachedComments, leadingComments]
          .join("")
          .replace(" buf:lint:ignore SERVICE_SUFFIX\n", "");
        return text === "" ? [] : [[at.join(), text]];
      },
    ),
  );
}

function withoutComments(file: FileDescriptorProto): Uint8Array {
  const copy = fromBinary(FileDescriptorProtoSchema, toBinary(FileDescriptorProtoSchema, file));
  clearField(copy, FileDescriptorProtoSchema.field.sourceCodeInfo);
  return toBinary(FileDescriptorProtoSchema, copy);
}

/** A model after some edits: with reserved numbers and names of fields and values. */
async function editedModel(): Promise<Printed> {
  const before = richModel();
  const user = before.types.get("User");
  const plan = before.types.get("Plan");
  if (user?.kind !== "object" || plan?.kind !== "enum") throw new Error("the fixture has changed");
  const first = await printed(before);
  const members = user.members.filter((_, at) => at % 3 !== 1 && at !== 5);
  const types = new Map(before.types);
  types.set("User", { ...user, members });
  types.set("Plan", { ...plan, values: plan.values.slice(1, 3) });
  return printed({ ...before, types }, "tour.v1", first);
}

describe("the .proto file", () => {
  it.each<[string, () => Promise<Printed>, string]>([
    ["every form there is", () => printed(richModel()), "tour.v1"],
    ["what was edited", editedModel, "tour.v1"],
    [
      "a package that hides others",
      () => printed(richModel(), "acme.google.perdure.v1"),
      "acme.google.perdure.v1",
    ],
    [
      "a map's entry and a message of one name",
      () =>
        printed(
          modelWith(
            object("Box", { foo: { kind: "map", value: number }, bar: named("FooEntry") }),
            object("FooEntry", { 'a"\\\n\u0001b': string }),
          ),
          "a.v1",
        ),
      "a.v1",
    ],
    [
      "services without values",
      () => printed(modelOf([service("workflow", "W", { run: {} })]), "a.v1"),
      "a.v1",
    ],
  ])(
    "of %s passes buf lint and buf format, and buf builds the same from it",
    { timeout: 60_000 },
    async (_, make, packageName) => {
      const { files, manifest } = await make();
      const folder = await written(files);
      await buf(folder, "lint");
      expect(await buf(folder, "format", "--diff")).toBe("");
      await buf(folder, "build", "--as-file-descriptor-set", "-o", "built.binpb");
      const theirs = ownFile(await readFile(path.join(folder, "proto/built.binpb")), packageName);
      const ours = ownFile(manifest.descriptorSet, packageName);
      expect(Buffer.from(withoutComments(ours)).equals(Buffer.from(withoutComments(theirs)))).toBe(
        true,
      );
      expect(commentsOf(ours)).toEqual(commentsOf(theirs));
    },
  );

  it.each([
    [typedProtoPath, typedProto],
    [ingressProtoPath, ingressProto],
  ])("brings %s as it is in Perdure's own contracts", async (contract, text) => {
    expect(text).toBe(await readFile(path.join(root, "proto", contract), "utf8"));
  });
});

describe("the manifest", () => {
  let found: Printed;
  const text = (name: string): string => {
    const file = found.files.find((one) => one.path === name);
    return typeof file?.content === "string" ? file.content : "";
  };

  beforeAll(async () => {
    found = await printed(richModel());
  });

  it("is the same as JSON, as binary and as a module", () => {
    const binary = found.files.find((one) => one.path === "manifest.binpb")?.content;
    expect(binary).toEqual(toBinary(ManifestSchema, found.manifest));
    expect(fromJsonString(ManifestSchema, text("manifest.json"))).toEqual(found.manifest);
    expect(text("manifest.json").endsWith("}\n")).toBe(true);
    const base64 = /manifest: string = "(.*)";/.exec(text("manifest.ts"))?.[1] ?? "";
    expect(new Uint8Array(Buffer.from(base64, "base64"))).toEqual(binary);
  });

  it("has the hash of its content, whatever release wrote it", () => {
    expect(found.manifest.contentHash).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(contentHashOf(found.manifest)).toBe(found.manifest.contentHash);
    const other = create(ManifestSchema, { ...found.manifest, generator: "another" });
    expect(contentHashOf(other)).toBe(found.manifest.contentHash);
    other.services = other.services.slice(1);
    expect(contentHashOf(other)).not.toBe(found.manifest.contentHash);
  });

  it("has each file of the descriptor set after what it imports", () => {
    const { file } = fromBinary(FileDescriptorSetSchema, found.manifest.descriptorSet);
    const seen = new Set<string>();
    for (const { name, dependency } of file) {
      expect(dependency.filter((one) => !seen.has(one))).toEqual([]);
      seen.add(name);
    }
    expect([...seen]).toEqual([
      "google/protobuf/descriptor.proto",
      "google/protobuf/duration.proto",
      "google/protobuf/struct.proto",
      "google/protobuf/timestamp.proto",
      "perdure/typed/v1/typed.proto",
      "tour/v1/tour.proto",
    ]);
  });
});

describe("the output", () => {
  it(
    "is the same every time, and when nothing has changed since",
    { timeout: 30_000 },
    async () => {
      const first = await printed(richModel());
      const second = await printed(richModel());
      const third = await printed(richModel(), "tour.v1", first);
      expect(second.files).toEqual(first.files);
      expect(third.files).toEqual(first.files);
    },
  );

  it("is made of these files, none of which knows this machine", async () => {
    const { files } = await printed(richModel());
    expect(files.map((file) => file.path)).toEqual([
      "clients.ts",
      "es/perdure/typed/v1/typed_pb.ts",
      "es/tour/v1/tour_pb.ts",
      "manifest.binpb",
      "manifest.json",
      "manifest.ts",
      "proto/buf.yaml",
      "proto/perdure/ingress/v1/ingress.proto",
      "proto/perdure/typed/v1/typed.proto",
      "proto/tour/v1/tour.proto",
    ]);
    for (const { content } of files) {
      expect(Buffer.from(content).includes(root.slice(0, -1))).toBe(false);
    }
  });

  it("has no protobuf where every service speaks JSON alone", async () => {
    const model = modelOf([
      service("service", "Old", { greet: { jsonOnly: true } }, { jsonOnly: true }),
    ]);
    const { files, manifest } = await printed(model);
    expect(files.map((file) => file.path)).toEqual([
      "clients.ts",
      "manifest.binpb",
      "manifest.json",
      "manifest.ts",
    ]);
    expect(manifest.services[0]).toMatchObject({ name: "Old", protoService: "" });
    expect(manifest.services[0]?.handlers[0]).toMatchObject({ name: "greet", protoMethod: "" });
    expect(manifest.services[0]?.handlers[0]?.input).toBeUndefined();
  });

  it("is empty where there are errors", async () => {
    const clash = modelOf(
      [service("service", "Greeter", { greet: { input: named("GreeterClient") } })],
      [object("GreeterClient", { name: string })],
    );
    const { files, diagnostics } = await filesOf(clash, { package: "tour.v1" }, undefined);
    expect(files).toEqual([]);
    expect(diagnostics).toMatchObject([{ code: "PDR6111", place: { line: 1 } }]);
    const bad = await filesOf(richModel(), { package: "tour" }, undefined);
    expect(bad).toMatchObject({ files: [], diagnostics: [{ code: "PDR6101" }] });
  });
});

describe("the TypeScript", () => {
  it("of messages is what protoc-gen-es writes", { timeout: 30_000 }, async () => {
    const { file } = lower(richModel(), "tour.v1", undefined);
    if (file === undefined) throw new Error("no file");
    const child = execFile(path.join(root, "node_modules/.bin/protoc-gen-es"), {
      encoding: "buffer",
      maxBuffer: 2 ** 24,
    });
    if (child.stdin === null || child.stdout === null) throw new Error("no pipes");
    child.stdin.end(toBinary(CodeGeneratorRequestSchema, esRequest(file)));
    const answer = fromBinary(CodeGeneratorResponseSchema, await buffer(child.stdout));
    const theirs = answer.file.map(({ name, content }) => ({ path: `es/${name}`, content }));
    expect(theirs).toHaveLength(2);
    expect(esFiles(file)).toEqual(theirs);
  });

  it("of many messages does not take long", () => {
    const types = Array.from({ length: 1_000 }, (_, at) => object(`Type${at}`, { a: string }));
    const members = types.slice(1).map(({ name }) => [name, named(name)] as const);
    const all = object("Type0", Object.fromEntries(members));
    const { file } = lower(modelWith(all, ...types.slice(1)), "tour.v1", undefined);
    if (file === undefined) throw new Error("no file");
    const start = performance.now();
    esFiles(file);
    // Minutes where the plugin finds all names anew for each.
    expect(performance.now() - start).toBeLessThan(5_000);
  });

  it("compiles under the strictest settings", { timeout: 120_000 }, async () => {
    const hidden = modelOf(
      [
        service("object", "delete", { add: { input: named("Output"), output: named("Date") } }),
        service("service", "toString", {
          toString: {},
          constructor: { output: named("CallOptions") },
        }),
      ],
      [
        object("Output", { when: { kind: "date" }, next: optional(named("Output")) }),
        object("Date", { year: number, at: { kind: "date" } }),
        object("Promise", {}),
        object("CallOptions", {
          kind: literal("a"),
          all: array(union(string, nothing)),
          empty: named("Promise"),
        }),
      ],
    );
    // Inside of the repository, where @perdure/clients is found.
    const parent = path.join(root, "codegen/dist");
    await mkdir(parent, { recursive: true });
    const all = await Promise.all([printed(richModel()), printed(hidden, "a.v1")]);
    const folders_ = await Promise.all(all.map(({ files }) => written(files, parent)));
    const config = {
      extends: path.join(root, "tsconfig.base.json"),
      compilerOptions: {
        composite: false,
        incremental: false,
        declaration: true,
        lib: ["es2023", "esnext.disposable", "dom"],
        noEmit: true,
        noUnusedLocals: true,
      },
      include: folders_.map((folder) => `${path.basename(folder)}/**/*.ts`),
    };
    const project = path.join(parent, `tsconfig.${path.basename(folders_[0] ?? "")}.json`);
    folders.push(project);
    await writeFile(project, JSON.stringify(config));
    await writeFile(path.join(folders_[0] ?? "", "use.ts"), use);
    const tsc = path.join(root, "node_modules/.bin/tsc");
    const { stdout } = await run(tsc, ["-p", project]).catch(
      (error: unknown) => error as { stdout: string },
    );
    // The clients' own source is compiled besides, and is not what this is about.
    expect(stdout.split("\n").filter((line) => line.includes("perdure-codegen-"))).toEqual([]);
  });
});

/** Code as people write it against the clients; where they are wrong the compiler must say so. */
const use = `
import { connect } from "@perdure/clients";
import { Color, counter, signupWorkflow, userSignup, type User } from "./clients.js";

export async function use(user: User): Promise<void> {
  const ingress = connect({ url: "http://127.0.0.1:8080" });
  const sum: number = await counter(ingress, "k").add(1, { idempotencyKey: "once" });
  const sent = await counter.send(ingress.scope("acme"), "k").add(sum, { delay: { seconds: 5 } });
  const again: number = await sent.attach();
  const bytes: Uint8Array = await counter(ingress, "k").blob(new Uint8Array(again));
  const signup = signupWorkflow(ingress, "ada");
  const submission = await signup.submit({ ...user, color: Color.Red }, { delay: 500 });
  const { ok, at } = await submission.attach();
  await signup.verifyEmail({ secret: String(ok) }, { signal: AbortSignal.timeout(at.getTime()) });
  const dates: Date[] = await userSignup(ingress)["do.it"]([user]);
  const large: bigint | null = await userSignup(ingress).maybe();
  // @ts-expect-error -- a number
  await counter(ingress, "k").add("1");
  // @ts-expect-error -- an object's key
  await counter(ingress).get();
  // @ts-expect-error -- calls do not wait for later
  await counter(ingress, "k").get({ delay: 5 });
  // @ts-expect-error -- a workflow's key is its idempotency key
  await signup.submit(user, { idempotencyKey: "x" });
  // @ts-expect-error -- only the values of the enum
  await signup.submit({ ...user, color: "green" });
  console.log(bytes, dates, large);
}
`;
