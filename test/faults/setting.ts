// A server and the services of the mixed load, for programs that are no tests: started here, ended by whoever started them.

import { rmSync } from "node:fs";
import path from "node:path";
import { newDirectory } from "../harness/paths.js";
import { ServerProcess } from "../harness/server-process.js";
import { ServicesProcess, type ServicesProcessOptions } from "../harness/services-process.js";

export interface Setting {
  readonly server: ServerProcess;
  readonly services: ServicesProcess;
  readonly servicesOptions: ServicesProcessOptions;
  readonly effectsFile: string;
  readonly scratch: string;
  /** Kills both; removes what they wrote, unless it is to be looked at. */
  end(kept?: boolean): Promise<void>;
}

/** Small checkpoints, so that kills hit them too. */
export const killFlags: Readonly<Record<string, string>> = {
  "checkpoint-bytes": "256KiB",
  "retry-policy-initial-interval": "20ms",
  "retry-policy-max-interval": "500ms",
};

export function mixedServices(effectsFile: string): ServicesProcessOptions {
  return { modules: ["mixed"], env: { PERDURE_TEST_EFFECTS: effectsFile } };
}

export async function startSetting(flags: Readonly<Record<string, string>>): Promise<Setting> {
  const scratch = newDirectory();
  const effectsFile = path.join(scratch, "effects");
  const servicesOptions = mixedServices(effectsFile);
  const server = await ServerProcess.create({
    dataDir: path.join(scratch, "data"),
    cwd: scratch,
    flags,
  });
  const services = await ServicesProcess.create();
  const end = async (kept = false): Promise<void> => {
    const all = [...server.processes, ...services.processes];
    await Promise.all(all.map((one) => one.kill()));
    if (!kept) rmSync(scratch, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    await Promise.all([server.start(), services.start(servicesOptions)]);
    await server.register(services.url);
  } catch (error) {
    await end();
    throw error;
  }
  return { server, services, servicesOptions, effectsFile, scratch, end };
}
