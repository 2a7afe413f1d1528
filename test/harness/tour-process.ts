// The tour's services as users start them: a process of its own, on a free port.

import type { Bed } from "./bed.js";
import { repositoryFolder } from "./paths.js";
import { freePort } from "./ports.js";

/** Started, and listening. */
export async function startTour(bed: Bed): Promise<{ readonly url: string }> {
  const port = await freePort();
  const tour = bed.startProcess({
    name: "the tour",
    args: ["--import", "tsx", "src/main.ts"],
    cwd: `${repositoryFolder}/examples/tour`,
    env: { PORT: String(port) },
  });
  await tour.waitForOutput(/services listen on port/);
  return { url: `http://127.0.0.1:${port}` };
}
