// Reads a journal that was exported from a server.

import { fromJson, isMessage, type JsonValue } from "@bufbuild/protobuf";
import {
  JournalExportSchema,
  type ExportedInvocation,
  type JournalExport,
} from "@perdure/proto/admin/v1/journal_export";
import type { Entry, Target } from "@perdure/proto/protocol/v1/journal";
import { TestingError, TestingErrorCode } from "../errors.js";

/** As the admin port answers it: text, what `JSON.parse` makes of that, or the message itself. */
export type ExportedJournal = string | object;

export interface RecordedJournal {
  readonly invocation: ExportedInvocation;
  readonly target: Target;
  readonly entries: readonly Entry[];
}

/** @throws TestingError  PDR5405 */
export function readJournal(journal: ExportedJournal): RecordedJournal {
  const { invocation, entries } = parse(journal);
  if (invocation?.target === undefined) throw badJournal("it does not say whose it is");
  const { target } = invocation;
  if (entries[0]?.body.case !== "input") {
    throw badJournal(
      entries.length === 0 ? "it is empty; was it purged?" : "it does not begin with its input",
    );
  }
  const strange = entries.findIndex(({ body }) => body.case === undefined);
  if (strange >= 0) {
    throw badJournal(
      `entry ${String(strange)} is of a type that this release does not know; replay it with the release that exported it, or a later one`,
    );
  }
  return { invocation, target, entries };
}

export function badJournal(why: string, cause?: unknown): TestingError {
  return new TestingError(
    TestingErrorCode.badJournal,
    `the journal can't be replayed: ${why}. Export one with GET /invocations/{id}/journal on the admin port`,
    cause === undefined ? undefined : { cause },
  );
}

function parse(journal: ExportedJournal): JournalExport {
  if (isMessage(journal, JournalExportSchema)) return journal;
  try {
    const json = typeof journal === "string" ? (JSON.parse(journal) as JsonValue) : journal;
    return fromJson(JournalExportSchema, json as JsonValue, { ignoreUnknownFields: true });
  } catch (error) {
    throw badJournal(`it is no exported journal (${String(error)})`, error);
  }
}
