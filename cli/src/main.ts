// The perdure command. Loaded by bin/perdure.js; runs what the arguments say and ends the process.

import { processIo } from "./cli-io.js";
import { runCli } from "./run-cli.js";

// Whoever reads the output may stop reading: `perdure deployments list | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

// Ends also where something still holds the event loop, such as a kept connection.
process.exit(await runCli(process.argv.slice(2), processIo()));
