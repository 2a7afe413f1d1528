// Everything that the tour offers to a server.

import type { ServeOptions } from "@perdure/sdk";
import { SignUpWorkflow } from "./sign-up-workflow.js";
import { SignupWithActivitiesWorkflow } from "./signup-with-activities-workflow.js";
import { SignupWithEventsWorkflow } from "./signup-with-events-workflow.js";
import { SignupWithQueriesWorkflow } from "./signup-with-queries-workflow.js";
import { SignupWithRetriesWorkflow } from "./signup-with-retries-workflow.js";
import { SignupWithSagasWorkflow } from "./signup-with-sagas-workflow.js";
import { SignupWithSignalsWorkflow } from "./signup-with-signals-workflow.js";
import { SignupWithTimersWorkflow } from "./signup-with-timers-workflow.js";
import { SignupWorkflow } from "./signup-workflow.js";
import { Signup } from "./signup.js";
import { UserService } from "./user-service.js";
import { UserSignup } from "./user-signup.js";

export const services: ServeOptions["services"] = [
  SignupWorkflow,
  SignupWithActivitiesWorkflow,
  UserService,
  SignupWithQueriesWorkflow,
  SignupWithSignalsWorkflow,
  SignupWithEventsWorkflow,
  SignupWithTimersWorkflow,
  SignupWithRetriesWorkflow,
  SignupWithSagasWorkflow,
  Signup,
  UserSignup,
  SignUpWorkflow,
];
