// What tests of the store share: directories that go away again, and things to put into tables.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { StateRowSchema, type StateRow } from "@perdure/proto/storage/v1/records";
import { onTestFinished } from "vitest";
import { value } from "../core/events.fixture.js";
import { Store } from "./store.js";

/** A new directory, removed when the test is over. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "perdure-store-"));
  onTestFinished(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
}

/** A store with everything in the process, closed when the test is over. */
export function openStore(directory: string): Store {
  const store = new Store({ directory, writer: "inline" });
  onTestFinished(() => store.close());
  return store;
}

export function stateRow(text: string): StateRow {
  return create(StateRowSchema, { name: text.slice(0, 20), value: value(text) });
}
