// The version of this package, which is that of all of Perdure's.

import { readFileSync } from "node:fs";

export function version(): string {
  // As far from src as from dist.
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
