// What is on the disk as bytes of protobuf, damaged: events of log records and rows of the tables. Reading ends in a value or
// in an error of the decoder; a row of the store that can't be read says so with its code.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { damagedBytes, damagedJson, decoded, fuzz, isCoded } from "@perdure/protocol/fuzz.fixture";
import { InvocationSchema, StateRowSchema } from "@perdure/proto/storage/v1/records";
import { plain, runIdAt, submitted } from "./core/events.fixture.js";
import { openDataDirectory } from "./data-directory.js";
import { decodeEvent, encodeEvent } from "./shard/event-codec.js";
import type { Environment } from "./store/environment.js";
import { createPartitionTables } from "./store/partition-tables.js";
import { temporaryDirectory } from "./store/store.fixture.js";

const event = encodeEvent(submitted(runIdAt(1), plain(), { parameter: "x" }));

fuzz("events of log records", {
  input: fc.tuple(fc.nat(40), damagedBytes(event.body)),
  run: ([kind, body]) => {
    const found = decoded(() => decodeEvent(kind, body));
    if (found !== undefined) encodeEvent(found);
  },
});

/** Stands in for LMDB: every row is these bytes. */
function environmentOf(value: Uint8Array): Environment {
  const row = { key: Buffer.from("0000"), value: Buffer.from(value) };
  return {
    get: () => row.value,
    range: () => [row][Symbol.iterator](),
  } as unknown as Environment;
}

const rows = [
  toBinary(InvocationSchema, create(InvocationSchema, { id: "inv_1", queueGroup: "g" })),
  toBinary(StateRowSchema, create(StateRowSchema, { name: "n" })),
];

fuzz("rows of the tables", {
  input: damagedBytes(...rows),
  run: (bytes) => {
    const tables = createPartitionTables(environmentOf(bytes), 0, () => undefined);
    tables.invocations.get("run");
    tables.state.get("key");
    tables.journal.read("run");
    for (const { key } of tables.timers.scan("", "\uffff", 3)) key.slice(0);
  },
  refusals: isCoded,
});

fuzz("format.json of a data directory", {
  input: damagedJson({ format: 1, partitions: 64 }),
  share: 0.5,
  run: (text) => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "format.json"), text);
    openDataDirectory(directory).release();
  },
  refusals: isCoded,
});
