// How workflows are tested: with a real server inside the test, and time moved by hand. See docs/testing.md.

import { replay, TestEnvironment } from "@perdure/testing";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { manifest } from "../gen/manifest.js";
import { services } from "./services.js";
import { SignupWithSagasWorkflow } from "./signup-with-sagas-workflow.js";
import { SignupWithTimersWorkflow } from "./signup-with-timers-workflow.js";
import { Signup } from "./signup.js";

const ada = { name: "Ada", email: "ada@example.org" };

let env: TestEnvironment;
/** What the activities printed: a line for each that really ran. */
let printed: string[];

beforeEach(async () => {
  printed = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => {
    printed.push(line);
  });
  env = await TestEnvironment.start({ services, manifest });
});

afterEach(async () => {
  await env.stop();
  vi.restoreAllMocks();
});

function secretOfMail(): string {
  return /"secret":"([^"]+)"/.exec(printed.join("\n"))?.[1] ?? "";
}

test("a sign-up is reminded every 15 seconds until its mail is answered", async () => {
  const signup = env.client.workflowClient(SignupWithTimersWorkflow, "ada");
  await signup.workflowSubmit(ada);

  await env.advance({ minutes: 1 });
  expect(printed.filter((line) => line.includes("reminder sent"))).toHaveLength(4);
  await signup.verifyEmail({ secret: secretOfMail() });

  expect(await signup.workflowAttach()).toEqual({ success: true });
});

test("a subscription that is refused takes back what was done before it", async () => {
  const signup = env.client.workflowClient(SignupWithSagasWorkflow, "alice");
  await signup.workflowSubmit({ ...ada, name: "Alice" });

  expect(await signup.workflowAttach()).toEqual({ success: false });
  expect(printed.slice(-3)).toEqual([
    "[alice] cancelled the subscription",
    "[alice] deactivated the account",
    "[alice] deleted the user",
  ]);
});

test("state can be looked at, and a status asked for", async () => {
  const signup = env.client.workflowClient(Signup, "ada");
  await signup.workflowSubmit({ email: ada.email });
  await env.time.settled();

  expect(await env.stateOf(Signup, "ada").get("status")).toBe("Sent email");
  expect(await signup.getStatus()).toBe("Sent email");
});

test("sign-ups that wait for their click go on with the code of today", async () => {
  const submitted = await env.client
    .workflowClient(Signup, "ada")
    .workflowSubmit({ email: ada.email });
  await env.time.settled();
  const journal = await env.journalOf(submitted);
  printed = [];

  expect(await replay(journal, Signup)).toMatchObject({ ok: true, status: "waits" });
  // No mail was sent again.
  expect(printed).toEqual([]);
});
