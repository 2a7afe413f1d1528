// `perdure codegen --check` against a server: who would break, and which invocations in flight could not go on. The
// deployment is registered with the manifest of its first version; the second is what is about to be deployed.

import { readFileSync } from "node:fs";
import path from "node:path";
import { check, runCodegen, type CodegenSettings } from "@perdure/codegen";
import { beforeAll, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import { testFolder } from "../harness/paths.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess } from "../harness/services-process.js";
import { until } from "../harness/until.js";

const bed = useBed("after all");
let server: ServerProcess;
let services: ServicesProcess;
let gates: Gates;
let first: CodegenSettings;
let second: CodegenSettings;

function settingsOf(source: string): CodegenSettings {
  const sources = [`services/${source}.ts`];
  return { cwd: testFolder, sources, out: path.join(bed.directory(), "gen"), package: "order.v1" };
}

beforeAll(async () => {
  gates = await bed.openGates();
  [server, services] = await Promise.all([
    bed.startServer(),
    bed.startServices({ modules: ["first-version"], env: { PERDURE_TEST_GATES: gates.url } }),
  ]);
  [first, second] = [settingsOf("first-version"), settingsOf("second-version")];
  for (const settings of [first, second]) {
    const { generated, passed } = await runCodegen(settings);
    if (!passed) throw new Error(JSON.stringify(generated.diagnostics));
  }
});

test("a deployment that was registered without a manifest has nothing that could break by its types", async () => {
  await server.register(services.url);

  const { findings, passed } = await check({ ...first, against: server.admin.url });

  expect({ findings, passed }).toEqual({ findings: [], passed: true });
});

test("a manifest that is registered with it makes changes of types and steps visible", async () => {
  const manifest: unknown = JSON.parse(readFileSync(path.join(first.out, "manifest.json"), "utf8"));
  const again = { uri: services.url, force: true };
  const registered = await server.tryRegister({ ...again, manifest });
  expect(registered.status, registered.text).toBe(200);
  const { id } = registered.json;
  gates.shut("o1/ship");
  await server.ingress.post("/restate/send/Order/place", "o1");
  await gates.reached("o1/ship");

  const same = await check({ ...first, against: server.admin.url, strict: true });
  const changed = await check({ ...second, against: server.admin.url });
  gates.open("o1/ship");
  await until("nothing is in flight", async () => {
    const { json } = await server.admin.get("/deployments?include=status");
    return json.deployments[0].pinned_invocations === 0;
  });
  const quiet = await check({ ...second, against: server.admin.url });

  expect(same.findings).toEqual([]);
  const told = changed.findings.map(
    ({ code, severity, message }) => `${severity} ${code} ${message}`,
  );
  const running = `deployment ${id} at ${services.url}/ has 1 unfinished invocation, and none of`;
  expect(told).toEqual([
    `error PDR6302 this breaks callers of ${server.admin.url}: service Shelf is not offered any more`,
    `warning PDR6303 ${running} Order/place can go on with this code: the steps of Order/place changed: run "check stock" stands where run "take payment" was`,
    `warning PDR6303 ${running} Order/strict can go on with this code: the steps of Order/strict changed: sleep stands where run "first" was`,
  ]);
  expect(quiet.findings.map(({ code }) => code)).toEqual(["PDR6302"]);
});

test("a manifest of other code is refused at the registration", async () => {
  const manifest: unknown = JSON.parse(
    readFileSync(path.join(second.out, "manifest.json"), "utf8"),
  );

  const { status, json } = await server.tryRegister({ uri: services.url, force: true, manifest });

  expect([status, json.errorCode]).toEqual([400, "PDR4218"]);
  expect(json.message).toContain("service Shelf is not in the manifest");
});
