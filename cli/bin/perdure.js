#!/usr/bin/env node
// The committed entry of the `perdure` command, so that npm can link it before anything is built.
// All behaviour lives in src/main.ts; this file only finds its compiled form.
import { existsSync } from "node:fs";

const main = new URL("../dist/main.js", import.meta.url);
if (existsSync(main)) {
  await import(main.href);
} else {
  console.error(
    "perdure: not built yet: run `npm run build` in the workspace root, then try again",
  );
  process.exitCode = 1;
}
