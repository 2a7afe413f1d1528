// Signs someone up from a program: submit the workflow, do something else, ask for the result.
//
//   npm run client                 a new user
//   npm run client -- johndoe Bob  the key, and the name
//
// Of the workflow, the client needs its name and, to be typed, its type: no code of the service.

import { connect } from "@perdure/clients";
import { settings } from "./settings.js";
import type { SignupWorkflow } from "./signup-workflow.js";

const [key = `user-${Date.now()}`, name = "John Doe"] = process.argv.slice(2);
const ingress = connect({ url: `http://${settings.ingress}` });
const signup = ingress.workflowClient<SignupWorkflow>({ name: "SignupWorkflow" }, key);

try {
  const submission = await signup.workflowSubmit({ name, email: "john@mail.com" });
  console.log(`submitted: ${submission.status}, ${submission.invocationId}`);

  const result = await ingress.result(submission);
  console.log("result:", result);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
