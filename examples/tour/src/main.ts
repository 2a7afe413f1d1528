// Offers the tour's services to a server: one process, on PORT (9080).
// Register it once: npx perdure deployments register http://localhost:9080

import { serve, type Listening } from "@perdure/sdk";
import { manifest } from "../gen/manifest.js";
import { services } from "./services.js";

const listening = await start();
console.log(`the tour's ${services.length} services listen on port ${listening.port}`);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    void listening.close().then(() => process.exit(0));
  });
}

async function start(): Promise<Listening> {
  try {
    return await serve({ services, manifest });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
