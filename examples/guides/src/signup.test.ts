// Tests of a workflow, on a real server with a clock that can be moved.

import { replay, TestEnvironment } from "@perdure/testing";
import { expect, test } from "vitest";
import { Signup } from "./signup.js";

const ada = { name: "Ada", email: "ada@example.org" };

test("a sign-up that nobody confirms expires after a day", async () => {
  await using env = await TestEnvironment.start({ services: [Signup] });
  const signup = env.client.workflowClient(Signup, "ada");
  await signup.workflowSubmit(ada);

  await env.advance({ days: 1 });

  expect(await signup.workflowAttach()).toBe("expired");
  expect(await env.stateOf(Signup, "ada").get("stage")).toBe("expired");
});

test("a sign-up goes on with today's code, replayed at every await", async () => {
  await using env = await TestEnvironment.start({ services: [Signup], alwaysReplay: true });
  const signup = env.client.workflowClient(Signup, "ada");
  const submitted = await signup.workflowSubmit(ada);
  await env.time.settled();

  const journal = await env.journalOf(submitted); // or one that was exported from production

  expect(await replay(journal, Signup)).toMatchObject({ ok: true, status: "waits" });
});
