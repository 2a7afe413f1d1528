// What the tour offers, by the names that callers use.

export const serviceNames: readonly string[] = [
  "SignupWorkflow",
  "SignupWithActivitiesWorkflow",
  "UserService",
  "SignupWithQueriesWorkflow",
  "SignupWithSignalsWorkflow",
  "SignupWithEventsWorkflow",
  "SignupWithTimersWorkflow",
  "SignupWithRetriesWorkflow",
  "SignupWithSagasWorkflow",
  "signup",
  "user-signup",
  "sign-up-workflow",
];
