// A plugin of buf, run by `npm run gen`: for the messages of the packages that it is asked for (buf.gen.yaml) it writes
// code that encodes and decodes them without looking at a schema, beside what protoc-gen-es writes: journal_wire.ts
// beside journal_pb.ts. The runtime is gen/src/wire, written by hand.
//
// A new message or field needs nothing but `npm run gen`. A new file is there if its package is named in buf.gen.yaml.
// A kind of field that none of our messages has had yet is refused with an error: it comes in fields.ts, with a
// method of Writer and Reader each. codec.test.ts beside the runtime compares every message with protobuf-es.

import { createEcmaScriptPlugin, runNodeJs, type Schema } from "@bufbuild/protoplugin";
import { printMessage } from "./message.js";

interface Options {
  readonly packages: readonly string[];
}

function optionsOf(raw: readonly { readonly key: string; readonly value: string }[]): Options {
  const packages: string[] = [];
  for (const { key, value } of raw) {
    if (key !== "package") throw new Error(`unknown option "${key}"`);
    packages.push(value);
  }
  return { packages };
}

function generate(schema: Schema<Options>): void {
  for (const file of schema.files) {
    if (!schema.options.packages.includes(file.proto.package)) continue;
    const printed = schema.generateFile(`${file.name}_wire.ts`);
    printed.preamble(file);
    for (const message of schema.typesInFile(file)) {
      if (message.kind === "message") printMessage(printed, message);
    }
  }
}

runNodeJs(
  createEcmaScriptPlugin<Options>({
    name: "protoc-gen-wire",
    version: "v1",
    parseOptions: optionsOf,
    generateTs: generate,
  }),
);
