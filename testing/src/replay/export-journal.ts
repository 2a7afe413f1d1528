// A journal, as the admin port of a server exports it.

import { fromJsonString } from "@bufbuild/protobuf";
import { JournalExportSchema, type JournalExport } from "@perdure/proto/admin/v1/journal_export";
import { reasonOf } from "../admin-error.js";
import { badJournal } from "./journal-export.js";

/** @throws TestingError  PDR5405: the server has no such invocation, or no journal of it any more */
export async function exportJournal(adminUrl: string, id: string): Promise<JournalExport> {
  const response = await fetch(`${adminUrl}/invocations/${encodeURIComponent(id)}/journal`);
  const text = await response.text();
  if (!response.ok) throw badJournal(`the server has none of ${id}: ${reasonOf(text)}`);
  return fromJsonString(JournalExportSchema, text, { ignoreUnknownFields: true });
}
