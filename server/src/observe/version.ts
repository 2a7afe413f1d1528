// The version of this package, which is that of all of Perdure's.

import { readFileSync } from "node:fs";

/** Reads the package's file. */
export function serverVersion(): string {
  // As far from src/observe as from dist/observe.
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
