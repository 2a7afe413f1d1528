// Signs someone up from a program: submit the workflow, do something else, ask for the result.
//
//   npm run client                 a new user
//   npm run client -- johndoe Bob  the key, and the name
//
// `signupWorkflow` is generated from the class, by `npm run codegen`: a client needs no code of the service.

import { connect } from "@perdure/clients";
import { signupWorkflow } from "../gen/clients.js";
import { settings } from "./settings.js";

const [key = `user-${Date.now()}`, name = "John Doe"] = process.argv.slice(2);
const signup = signupWorkflow(connect({ url: `http://${settings.ingress}` }), key);

try {
  const submission = await signup.submit({ name, email: "john@mail.com" });
  console.log(`submitted: ${submission.status}, ${submission.invocationId}`);

  const result = await submission.attach();
  console.log("result:", result);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
