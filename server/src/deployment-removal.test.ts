// Removing a deployment while an attempt runs on it that has not said anything yet: nothing is pinned to it, but soon
// may be.

import type { ServerFrame } from "@perdure/proto/protocol/v1/deployment";
import { expect, test } from "vitest";
import { call, command, goodEnd, scripted, serving } from "./scripted-deployment.fixture.js";

test("a deployment with an attempt is in use, though nothing belongs to it yet", async () => {
  let started = (_: ServerFrame): void => undefined;
  const begun = new Promise<ServerFrame>((resolve) => (started = resolve));
  const old = await scripted("Greeter", started);
  const newer = await scripted("Greeter", (start, say) => {
    say(start, goodEnd);
  });
  const admin = await serving(old);
  const { json } = await admin.ask("GET", "/deployments");
  const path = `/deployments/${json.deployments[0].id}`;
  const waiting = call(admin, "Greeter");
  const start = await begun;
  await admin.ask("POST", "/deployments", { uri: newer.url });

  const refused = await admin.ask("DELETE", path);
  const step = command({ case: "run", value: { completionId: 1 } });
  old.say(start, step, goodEnd);
  const { status } = await waiting;
  const removed = await admin.ask("DELETE", path);

  expect(refused).toMatchObject({ status: 409, json: { errorCode: "PDR4210" } });
  expect(status).toBe(200);
  expect(removed.status).toBe(202);
});
