import { connect } from "@perdure/clients";
import { serve } from "@perdure/sdk";
import { expect, expectTypeOf, test } from "vitest";
import { signup, signupWithQueriesWorkflow, type User as GeneratedUser } from "../gen/clients.js";
import { manifest } from "../gen/manifest.js";
import type { User } from "./activities.js";
import { services } from "./services.js";
import { SignupWithQueriesWorkflow } from "./signup-with-queries-workflow.js";
import { Signup } from "./signup.js";

test("all services can be offered by one endpoint, with the manifest that was generated from them", async () => {
  const listening = await serve({ services, manifest, port: 0 });
  try {
    expect(listening.port).toBeGreaterThan(0);
  } finally {
    await listening.close();
  }
});

test("clients know the handlers, their input and their results from the class", () => {
  const ingress = connect({ url: "http://localhost:8080" });
  const queries = ingress.workflowClient(SignupWithQueriesWorkflow, "johndoe");
  const signups = ingress.workflowClient(Signup, "johndoe");

  expectTypeOf(queries.workflowSubmit).parameter(0).toExtend<User | object>();
  expectTypeOf(queries.getStatus).returns.resolves.toEqualTypeOf<{
    status: "created" | "activated" | "welcomed" | "failed" | null;
    user: User | null;
  }>();
  expectTypeOf(queries.workflowAttach).returns.resolves.toEqualTypeOf<{ success: boolean }>();
  expectTypeOf(signups.click).toBeCallableWith("a secret");
  // @ts-expect-error a user has an email
  void (() => queries.workflowSubmit({ name: "John Doe" }));
  // @ts-expect-error a handler that is not there
  void (() => signups.verify);
});

test("generated clients say the same, without the class", () => {
  const ingress = connect({ url: "http://localhost:8080" });
  const queries = signupWithQueriesWorkflow(ingress, "johndoe");

  expectTypeOf<GeneratedUser>().toExtend<User>();
  expectTypeOf(queries.submit).parameter(0).toEqualTypeOf<GeneratedUser>();
  expectTypeOf(queries.getStatus).returns.resolves.toEqualTypeOf<{
    status: "created" | "activated" | "welcomed" | "failed" | null;
    user: GeneratedUser | null;
  }>();
  expectTypeOf(queries.attach).returns.resolves.toEqualTypeOf<{ success: boolean }>();
  expectTypeOf(signup(ingress, "johndoe").click).toBeCallableWith("a secret", { timeout: 1_000 });
  // @ts-expect-error a user has an email
  void (() => queries.submit({ name: "John Doe" }));
});
