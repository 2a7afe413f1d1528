// The version of this package, which is that of all of Perdure's.

import { readFileSync } from "node:fs";

/** Read once, when the admin port opens. */
export function serverVersion(): string {
  // As far from src/admin as from dist/admin.
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
