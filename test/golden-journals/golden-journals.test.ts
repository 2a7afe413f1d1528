// Journals of every feature, as releases of the past recorded them, replayed against the SDK of today. Where one
// fails, invocations of users that are under way would fail in the same way: mend the SDK, not the journal.

import { clone, fromJsonString } from "@bufbuild/protobuf";
import { JournalExportSchema, type JournalExport } from "@perdure/proto/admin/v1/journal_export";
import { EntrySchema } from "@perdure/proto/protocol/v1/journal";
import { replay } from "@perdure/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { readGolden, recordedNames, writeGolden } from "./journals.js";
import { programs, type GoldenProgram } from "./programs.js";
import { told } from "./services.js";

const golden = Object.entries(programs);

function journalOf(name: string): JournalExport {
  return fromJsonString(JournalExportSchema, readGolden(name));
}

/** Commands that are asked for by the code: not the input, not the output. */
function commandsOf({ entries }: JournalExport): number[] {
  const others: readonly unknown[] = ["input", "output", "completion", "signal"];
  return [...entries.keys()].filter((at) => !others.includes(entries[at]?.body.case));
}

beforeEach(() => {
  told.clear();
});

describe("golden journals", () => {
  test("are there for every program, and for no other", () => {
    expect(recordedNames()).toEqual(Object.keys(programs).sort());
  });

  test("have every type of entry that there is", () => {
    const types = new Set(
      golden.flatMap(([name]) => journalOf(name).entries.map(({ body }) => body.case)),
    );
    const all = EntrySchema.oneofs.flatMap(({ fields }) =>
      fields.map(({ localName }) => localName),
    );

    expect(all.filter((type) => !types.has(type as never))).toEqual([]);
  });

  test("are never written over", () => {
    const [[name] = [""]] = golden;
    const before = readGolden(name);

    expect(() => {
      writeGolden(name, journalOf(name));
    }).toThrow(/EEXIST/);
    expect(readGolden(name)).toBe(before);
  });
});

describe.each(golden)("the golden journal %s", (name: string, program: GoldenProgram) => {
  test("is replayed to where it ended", async () => {
    const journal = journalOf(name);
    const position = journal.entries.length - 1;

    const result = await replay(readGolden(name), program.code);

    expect(result).toMatchObject({ ok: true, status: program.status ?? "ended" });
    if (program.status === undefined) expect(result).toMatchObject({ position });
  });

  test("is replayed from every prefix, as after a crash at that entry", async () => {
    const journal = journalOf(name);
    for (let length = 1; length < journal.entries.length; length++) {
      const prefix = clone(JournalExportSchema, journal);
      prefix.entries = prefix.entries.slice(0, length);

      const result = await replay(prefix, program.code);

      expect(result, `the first ${String(length)} entries`).toMatchObject({ ok: true });
    }
  });

  test("does not pass where any of its commands is another", async () => {
    const journal = journalOf(name);
    for (const index of commandsOf(journal)) {
      const changed = clone(JournalExportSchema, journal);
      const entry = changed.entries[index];
      if (entry !== undefined) entry.name += " (another)";

      const result = await replay(changed, program.code);

      expect(result).toMatchObject({ ok: false, mismatches: [{ index }] });
    }
  });
});
