// Code for tests of reading: files in a folder of their own, which can import whatever this repository can.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { placeText } from "../model/place.js";
import type { ServiceModel } from "../model/services.js";
import type { NamedType } from "../model/types.js";
import { readProject, type ReadResult } from "./read-project.js";

const repository = fileURLToPath(new URL("../../../", import.meta.url));

export interface Written {
  readonly cwd: string;
  remove(): void;
}

export function writeProject(files: Readonly<Record<string, string>>): Written {
  const cwd = mkdtempSync(join(tmpdir(), "perdure-read-"));
  symlinkSync(join(repository, "node_modules"), join(cwd, "node_modules"), "junction");
  const tsconfig = {
    extends: join(repository, "tsconfig.base.json"),
    compilerOptions: { types: ["node"] },
  };
  const all = {
    "tsconfig.json": JSON.stringify(tsconfig),
    "package.json": `{ "name": "under-test", "type": "module" }`,
    ...files,
  };
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), text);
  }
  return { cwd, remove: () => rmSync(cwd, { recursive: true }) };
}

export interface Reading extends ReadResult {
  service(name: string): ServiceModel;
  type(name: string): NamedType;
  /** "PDR6011 a.ts:3:14 what is wrong", of one file or of all; what concerns determinism left out. */
  problems(file?: string): readonly string[];
}

/** Reads "src/**" of these files at once; a name without a folder is one in "src". */
export function readCode(files: Readonly<Record<string, string>>, tsconfig?: string): Reading {
  const paths = Object.entries(files).map(([name, text]): [string, string] => [
    name.includes("/") || name.endsWith(".json") ? name : `src/${name}`,
    text,
  ]);
  const { cwd, remove } = writeProject(Object.fromEntries(paths));
  try {
    const result = readProject({
      cwd,
      sources: ["src/**/*.ts"],
      out: "gen",
      package: "test.v1",
      ...(tsconfig === undefined ? {} : { tsconfig }),
    });
    return { ...result, ...lookups(result) };
  } finally {
    remove();
  }
}

function lookups({ model, diagnostics }: ReadResult): Omit<Reading, keyof ReadResult> {
  return {
    service: (name) =>
      there(
        model.services.find((service) => service.name === name),
        name,
      ),
    type: (name) => there(model.types.get(name), name),
    problems: (file) =>
      diagnostics
        .filter(
          ({ code, place }) =>
            code.startsWith("PDR60") && (file === undefined || place?.file === `src/${file}`),
        )
        .map(({ code, place, message }) =>
          [code, ...(place === undefined ? [] : [placeText(place)]), message].join(" "),
        ),
  };
}

function there<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new Error(`${name} was not read`);
  return value;
}
