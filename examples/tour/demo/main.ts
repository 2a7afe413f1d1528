// The story that `npm run demo` tells: the tour's workflows on a real server, killed in the middle.
//
//   --keep   server and services stay up until Ctrl-C
//   --ports  usual (8080, 9070, 9080 where they are free) or any
//
// It checks everything that it tells, and exits with 1 and a reason if something is not as it must be.

import { setTimeout as delay } from "node:timers/promises";
import { inspect, parseArgs } from "node:util";
import { nextByHand, nextWhileItRuns, theEnd } from "./ending.js";
import { DemoFailure, mustEqual } from "./failure.js";
import { signupWorkflow } from "./first-act.js";
import {
  activities,
  besideTheNine,
  events,
  queries,
  retries,
  sagas,
  signals,
  signup,
  timers,
  typed,
} from "./further-acts.js";
import { Installation } from "./installation.js";
import { choosePorts } from "./ports.js";
import { serviceNames } from "./service-names.js";
import { Stage } from "./stage.js";
import { comment, say, title } from "./story.js";

/** From the failure of a request to the news that its process is gone. */
const deathMs = 500;

let installation: Installation | undefined;
const interrupted = new Promise<"interrupted">((resolve) => {
  let again = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (again) process.exit(1);
      again = true;
      resolve("interrupted");
    });
  }
  // Nobody reads on, as in `npm run demo | head`.
  process.stdout.on("error", () => resolve("interrupted"));
});

try {
  process.exit(await main());
} catch (error) {
  const directory = await installation?.abandon("keep");
  const isExpected = error instanceof DemoFailure;
  process.stderr.write(`\nThe demo failed: ${isExpected ? error.message : inspect(error)}\n`);
  if (directory !== undefined) process.stderr.write(`Data and logs are in ${directory}\n`);
  process.exit(1);
}

async function main(): Promise<number> {
  const options = readOptions();
  const startedMs = performance.now();
  say("Perdure's tour: nine sign-ups, on a real server, with real crashes");
  const ports = await choosePorts(options.ports);
  const running = await Installation.create(ports);
  installation = running;

  const story = tellStory(running).catch(async (error: unknown) => {
    // A request that fails because its process died says less than the death, which is known a moment later.
    await Promise.race([running.crashed, delay(deathMs)]);
    throw error;
  });
  const outcome = await Promise.race([story, running.crashed, interrupted]);
  if (outcome === "interrupted") {
    await running.abandon("remove");
    say("\nInterrupted: server and services are stopped");
    return 130;
  }
  if (!options.keep) await running.stop();
  const seconds = (performance.now() - startedMs) / 1000;
  theEnd(outcome.checkAllSteps(), seconds);
  if (options.keep) {
    await running.services.stop();
    await running.startServices("works", "as in the code");
    nextWhileItRuns(ports);
    running.servicesLog.follow(say);
    await Promise.race([interrupted, running.crashed]);
    await running.stop();
    say("Stopped");
  } else {
    nextByHand();
  }
  return 0;
}

function readOptions(): { readonly keep: boolean; readonly ports: "usual" | "any" } {
  try {
    const { values } = parseArgs({
      options: { keep: { type: "boolean" }, ports: { type: "string" } },
    });
    const { keep = false, ports = "usual" } = values;
    if (ports === "usual" || ports === "any") return { keep, ports };
    throw new TypeError(`--ports takes "usual" or "any", not "${ports}"`);
  } catch (error) {
    throw new DemoFailure(`${error instanceof Error ? error.message : String(error)}`);
  }
}

async function tellStory(running: Installation): Promise<Stage> {
  await Promise.all([running.startServer(), running.startServices("fails for Alice")]);
  title("Two processes");
  const { ports, server, services } = running;
  const { id, services: registered } = await running.register();
  mustEqual(registered.toSorted(), serviceNames.toSorted(), "the services that are registered");
  comment(`server    pid ${server.pid}, ingress on port ${ports.ingress}, admin on ${ports.admin}`);
  comment(
    `services  pid ${services.pid}, on port ${ports.services}: ${registered.length}, as ${id}`,
  );

  const stage = new Stage(running);
  await signupWorkflow(stage);
  await activities(stage);
  await queries(stage);
  await signals(stage);
  await events(stage);
  await timers(stage);
  await retries(stage);
  await sagas(stage);
  await signup(stage);
  await besideTheNine(stage);
  await typed(stage);
  return stage;
}
