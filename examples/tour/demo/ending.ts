// The last lines of the demo: what was seen, and what to try next.

import type { Ports } from "./ports.js";
import { comment, say, title, verdict } from "./story.js";

export function theEnd(steps: number, seconds: number): void {
  title("All is as it must be");
  const time = `${seconds.toFixed(1)} s`;
  verdict(`${steps} steps ran, in order, and none that was recorded ran twice (${time})`);
}

export function nextByHand(): void {
  title("Try it yourself, each in a terminal of its own");
  comment("npx perdure server");
  comment("PORT=9080 npm start -w examples/tour");
  comment("npx perdure deployments register http://localhost:9080");
  signUps("localhost:8080");
  say();
  comment("Or let this demo leave both running: npm run demo -- --keep");
  comment("The code is in examples/tour/src, what each workflow shows in docs/tour.md");
}

export function nextWhileItRuns({ ingress }: Ports): void {
  title("Server and services stay up until you press Ctrl-C. In another terminal:");
  signUps(`localhost:${ingress}`);
  comment(`TOUR_INGRESS=localhost:${ingress} npm run client -w examples/tour`);
  comment("Verification mails are printed here, each with the command that answers it.");
  say();
}

function signUps(ingress: string): void {
  const john = `--json '{"name":"John Doe","email":"john@mail.com"}'`;
  comment(`curl ${ingress}/restate/call/SignupWorkflow/john/run ${john}`);
  comment(`curl ${ingress}/restate/send/SignupWithTimersWorkflow/john/run ${john}`);
  comment(`grpcurl -plaintext ${ingress} describe tour.v1.SignupWorkflow`);
}
