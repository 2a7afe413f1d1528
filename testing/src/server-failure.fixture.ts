// Takes the log away from under a server: closes the file that it writes to. In a process of its own, since
// what is opened next gets their numbers. Says what a waiting call and stop() fail with.

import { closeSync, readdirSync, readlinkSync } from "node:fs";
import { TestEnvironment } from "./test-environment.js";
import { Greeter } from "./services.fixture.js";

const env = await TestEnvironment.start({ services: [Greeter] });
const waiting = env.client.serviceClient(Greeter).nap(1).catch(codeOf);
await env.time.settled();
for (const file of readdirSync("/proc/self/fd")) {
  if (targetOf(file).startsWith(`${env.dataDirectory}/shards/0/log/segment-`))
    closeSync(Number(file));
}
const next = env.client.serviceClient(Greeter).greet("x").catch(codeOf);
const answers = await Promise.all([waiting, next]);
const stopped = await env.stop().catch(codeOf);
process.stdout.write(`${JSON.stringify([...answers, stopped])}\n`);
process.exit(0);

function targetOf(file: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${file}`);
  } catch {
    return "";
  }
}

function codeOf(error: unknown): string {
  const { message } = error as Error;
  return /PDR54\d\d/.exec(message)?.[0] ?? message;
}
