// Serves every service that the named modules of this folder export, with the manifest that PERDURE_TEST_MANIFEST
// names. Run as a process of its own by the tests' harness; ends on SIGTERM as a service should.

import { readFileSync } from "node:fs";
import { serve } from "@perdure/sdk";

type Served = Parameters<typeof serve>[0]["services"][number];

const modules = (await Promise.all(
  process.argv.slice(2).map((name) => import(new URL(`./${name}.ts`, import.meta.url).href)),
)) as object[];
const manifest = process.env["PERDURE_TEST_MANIFEST"];
const listening = await serve({
  services: modules.flatMap((module) => Object.values(module) as Served[]),
  ...(manifest === undefined ? {} : { manifest: readFileSync(manifest) }),
});
console.log(`serving ${process.argv.slice(2).join(" ")} on ${listening.port}`);

process.once("SIGTERM", () => {
  void listening.close().then(() => process.exit(0));
});
