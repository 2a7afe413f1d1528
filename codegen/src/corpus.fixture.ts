// The golden corpus (codegen/corpus): small projects, and all that codegen makes of them.
//   - contracts/NAME: the package NAME.v1. v2.ts, v3.ts are later states of the code, each generated over the output of the
//     one before. case.json has settings that differ.
//   - findings/NAME: all are read as one project, so no two of them may have a service or a type of one name. What counts
//     are the diagnostics.
// Opening a project is what takes long, so the compiler has all cases in one; what a case leads to may not depend on that.
// expected.* is what comes out; `npm run codegen:corpus` writes it anew.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Manifest } from "@perdure/proto/manifest/v1/manifest";
import { generate, hasErrors, type Generated } from "./generate.js";
import { parseManifest } from "./manifest-file.js";
import type { Diagnostic } from "./model/diagnostic.js";
import { comparePlaces } from "./model/place.js";
import type { CodegenSettings } from "./model/settings.js";
import { filesOf } from "./print/files.js";
import { openProject, type OpenProject } from "./read/open-project.js";
import { Diagnostics } from "./read/read-context.js";
import { readOpened, readProject } from "./read/read-project.js";
import { diagnosticsText } from "./report.js";

export const corpus: string = fileURLToPath(new URL("../corpus/", import.meta.url));

/** What a case's case.json may say. */
interface Special extends Partial<Pick<CodegenSettings, "package" | "sources" | "tsconfig">> {
  /** The manifest of an earlier output. */
  readonly previous?: unknown;
}

/** One state of a case's code, and what was made of it. */
export interface Generation {
  /** "" of the first, "v2." of the second. */
  readonly prefix: string;
  readonly package: string;
  readonly generated: Generated;
}

/** What a case's files should hold, by name. */
export type Expected = ReadonlyMap<string, string>;

export const contracts: readonly string[] = casesIn("contracts");
export const findings: readonly string[] = casesIn("findings");

function casesIn(group: string): readonly string[] {
  return readdirSync(join(corpus, group)).toSorted();
}

/** The files of the case that are compared. */
export function expectedFiles(path: string): Expected {
  const names = readdirSync(join(corpus, path)).filter((name) => name.startsWith("expected."));
  return new Map(names.map((name) => [name, readFileSync(join(corpus, path, name), "utf8")]));
}

export function writeExpected(path: string, files: Expected): void {
  for (const name of expectedFiles(path).keys()) rmSync(join(corpus, path, name));
  for (const [name, text] of files) writeFileSync(join(corpus, path, name), text);
}

/**
 * @param isolated  as users run codegen: in this folder, whose only content is the case
 */
export async function generationsOf(
  name: string,
  isolated?: string,
): Promise<readonly Generation[]> {
  const cwd = isolated ?? join(corpus, "contracts", name);
  const files = readdirSync(cwd).filter((file) => !file.startsWith("expected."));
  const special: Special = files.includes("case.json")
    ? (JSON.parse(readFileSync(join(cwd, "case.json"), "utf8")) as Special)
    : {};
  const later = files.filter((file) => /^v\d\.ts$/.test(file)).toSorted();
  const first = files.filter((file) => file.endsWith(".ts") && !later.includes(file)).toSorted();
  const settings: CodegenSettings = {
    cwd,
    out: "gen",
    sources: first,
    package: `${name.replaceAll("-", "_").toLowerCase()}.v1`,
    tsconfig: join(corpus, "tsconfig.json"),
    ...special,
  };
  const isOwn = isolated !== undefined || settings.sources !== first || "tsconfig" in special;
  let previous: Manifest | undefined;
  if (special.previous !== undefined) {
    previous = parseManifest(Buffer.from(JSON.stringify(special.previous)), false);
  }
  const generations: Generation[] = [];
  for (const sources of [settings.sources, ...later.map((file) => [file])]) {
    const now = { ...settings, sources };
    const generated = await (isOwn ? generate(now) : generateAmongAll(now, previous));
    const [file = ""] = sources;
    const prefix = later.includes(file) ? file.replace(/ts$/, "") : "";
    generations.push({ prefix, package: settings.package, generated });
    previous = generated.manifest ?? previous;
  }
  return generations;
}

let shared: OpenProject | undefined;

/** As `generate`, by a compiler that has all contracts open. */
async function generateAmongAll(
  settings: CodegenSettings,
  previous: Manifest | undefined,
): Promise<Generated> {
  const { cwd, sources } = settings;
  shared ??= openProject(
    {
      ...settings,
      cwd: join(corpus, "contracts"),
      sources: contracts.map((name) => `${name}/!(expected.)*.ts`),
    },
    new Diagnostics(corpus),
  );
  if (shared === undefined) throw new Error("the corpus can't be opened");
  const files = sources.map((file) => join(cwd, file));
  const { model, diagnostics: found } = readOpened(settings, { ...shared, files });
  const nothing = { files: [], sources: [], model };
  if (hasErrors(found)) return { ...nothing, diagnostics: found };
  const { manifest, ...printed } = await filesOf(model, settings, previous);
  const diagnostics = [...found, ...printed.diagnostics];
  return hasErrors(diagnostics)
    ? { ...nothing, diagnostics: diagnostics.toSorted(byPlace) }
    : { ...nothing, files: printed.files, manifest, diagnostics };
}

function byPlace({ place: a }: Diagnostic, { place: b }: Diagnostic): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return comparePlaces(a, b);
}

export function expectedOf(generations: readonly Generation[]): Expected {
  return new Map(
    generations.flatMap(({ prefix, generated }) =>
      [...outputsOf(generated)].map(([name, text]) => [`expected.${prefix}${name}`, text] as const),
    ),
  );
}

function outputsOf({ files, manifest, diagnostics }: Generated): Map<string, string> {
  const outputs = new Map<string, string>();
  for (const { path, content } of files) {
    if (path === "clients.ts") outputs.set("clients.ts", content as string);
    const isOwn = path.startsWith("proto/") && !path.startsWith("proto/perdure/");
    if (isOwn && path.endsWith(".proto")) outputs.set("proto", content as string);
    if (path === "manifest.json") outputs.set("manifest.json", readable(content as string));
  }
  if (diagnostics.length > 0) outputs.set("txt", textOf(diagnostics));
  if (manifest === undefined && diagnostics.length === 0) outputs.set("txt", "");
  return outputs;
}

export function textOf(diagnostics: readonly Diagnostic[]): string {
  // Nothing of this machine.
  return `${diagnosticsText(diagnostics).replaceAll(corpus, "").replaceAll(corpus.slice(0, -1), "")}\n`;
}

/** Without what can't be read, and the JSON Schemas as what they are. */
function readable(text: string): string {
  const { services } = JSON.parse(text, (key, value: unknown) =>
    key === "jsonSchema" && typeof value === "string" ? (JSON.parse(value) as unknown) : value,
  ) as Pick<Manifest, "services">;
  return `${JSON.stringify({ services }, undefined, 2)}\n`;
}

/** What is found in each of the findings. */
export function findingsExpected(): ReadonlyMap<string, Expected> {
  const { diagnostics } = readProject({
    cwd: join(corpus, "findings"),
    out: "none",
    sources: ["*/*.ts"],
    package: "findings.v1",
    tsconfig: join(corpus, "tsconfig.json"),
  });
  return new Map(
    findings.map((name) => {
      const own = diagnostics.filter(({ place }) => place?.file.startsWith(`${name}/`) === true);
      return [name, new Map([["expected.txt", textOf(own)]])];
    }),
  );
}

/** A copy of the generated files of protobuf, for tools that read folders. */
export function writeProtos(folder: string, generations: readonly Generation[]): void {
  for (const { generated } of generations) {
    for (const { path, content } of generated.files) {
      if (!path.startsWith("proto/")) continue;
      const target = join(folder, path.slice("proto/".length));
      mkdirSync(join(target, ".."), { recursive: true });
      writeFileSync(target, content);
    }
  }
}
