import { connect } from "@perdure/clients";
import { serve } from "@perdure/sdk";
import { expect, expectTypeOf, test } from "vitest";
import type { User } from "./activities.js";
import { services } from "./services.js";
import { SignupWithQueriesWorkflow } from "./signup-with-queries-workflow.js";
import { Signup } from "./signup.js";

test("all services can be offered by one endpoint", async () => {
  const listening = await serve({ services, port: 0 });
  try {
    expect(listening.port).toBeGreaterThan(0);
  } finally {
    await listening.close();
  }
});

test("clients know the handlers, their input and their results from the class", () => {
  const ingress = connect({ url: "http://localhost:8080" });
  const queries = ingress.workflowClient(SignupWithQueriesWorkflow, "johndoe");
  const signup = ingress.workflowClient(Signup, "johndoe");

  expectTypeOf(queries.workflowSubmit).parameter(0).toExtend<User | object>();
  expectTypeOf(queries.getStatus).returns.resolves.toEqualTypeOf<{
    status: "created" | "activated" | "welcomed" | "failed" | null;
    user: User | null;
  }>();
  expectTypeOf(queries.workflowAttach).returns.resolves.toEqualTypeOf<{ success: boolean }>();
  expectTypeOf(signup.click).toBeCallableWith("a secret");
  // @ts-expect-error a user has an email
  void (() => queries.workflowSubmit({ name: "John Doe" }));
  // @ts-expect-error a handler that is not there
  void (() => signup.verify);
});
