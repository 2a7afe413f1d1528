// Where golden journals lie, and how they are written: as the admin port exports them, one file for each program.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { toJson } from "@bufbuild/protobuf";
import { JournalExportSchema, type JournalExport } from "@perdure/proto/admin/v1/journal_export";

const folder = fileURLToPath(new URL("./", import.meta.url));
const ending = ".json";

export function recordedNames(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => name.slice(0, -ending.length))
    .sort();
}

export function readGolden(name: string): string {
  return readFileSync(fileOf(name), "utf8");
}

/** @throws Error  EEXIST: it is there; nothing is changed */
export function writeGolden(name: string, journal: JournalExport): void {
  const text = JSON.stringify(toJson(JournalExportSchema, journal), undefined, 2);
  writeFileSync(fileOf(name), `${text}\n`, { flag: "wx" });
}

function fileOf(name: string): string {
  return `${folder}${name}${ending}`;
}
