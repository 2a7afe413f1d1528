// The other eight workflows of the tour, one act each, the two beside them, and typed calls.

import { must } from "./failure.js";
import { perform } from "./requests.js";
import type { Stage } from "./stage.js";
import { asked, comment, event, title, verdict } from "./story.js";

const person = (name: string): { name: string; email: string } => ({
  name,
  email: `${name.toLowerCase()}@mail.com`,
});
const success = { status: 200, body: { success: true } };
const accepted = { status: 202, body: { status: "Accepted" } };

export async function activities(stage: Stage): Promise<void> {
  title("2. SignupWithActivitiesWorkflow: steps in another service, called durably");
  await stage.ask(
    stage.ingress.call("SignupWithActivitiesWorkflow/mary/run", person("Mary")),
    success,
    {
      key: "mary",
      texts: [
        "created the user Mary",
        "activated the account",
        "welcome mail sent to mary@mail.com",
      ],
    },
  );
}

export async function queries(stage: Stage): Promise<void> {
  title("3. SignupWithQueriesWorkflow: state that can be asked for, at any time");
  const paul = person("Paul");
  const getStatus = stage.ingress.call("SignupWithQueriesWorkflow/paul/getStatus");
  await stage.ask(getStatus, { status: 200, body: { status: null, user: null } });
  await stage.ask(stage.ingress.call("SignupWithQueriesWorkflow/paul/run", paul), success, {
    key: "paul",
    texts: ["created the user Paul", "activated the account", "welcome mail sent to paul@mail.com"],
  });
  await stage.ask(getStatus, { status: 200, body: { status: "welcomed", user: paul } });
}

export async function signals(stage: Stage): Promise<void> {
  const { ingress } = stage;
  title("4. SignupWithSignalsWorkflow: waits for someone outside, for seconds or for months");
  await stage.ask(ingress.send("SignupWithSignalsWorkflow/susan/run", person("Susan")), accepted);
  await stage.steps("susan", ["verification mail sent to susan@mail.com"]);
  comment("Susan clicks the link in the mail.");
  await stage.ask(await stage.mail("susan"), { status: 200 });
  await stage.ask(ingress.attach("SignupWithSignalsWorkflow", "susan"), success);
}

export async function events(stage: Stage): Promise<void> {
  const { ingress } = stage;
  title("5. SignupWithEventsWorkflow: others wait for a point that it reaches");
  comment("Asked before Peter signs up: the answer waits for him.");
  const wait = ingress.call("SignupWithEventsWorkflow/peter/waitForUserCreation");
  asked(wait);
  const created = perform(wait);
  await stage.ask(ingress.call("SignupWithEventsWorkflow/peter/run", person("Peter")), success, {
    key: "peter",
    texts: [
      "created the user Peter",
      "activated the account",
      "welcome mail sent to peter@mail.com",
    ],
  });
  asked("… and the answer to the first:");
  await stage.answer(wait, created, { status: 200, body: "User created." });
}

export async function timers(stage: Stage): Promise<void> {
  const { ingress } = stage;
  title("6. SignupWithTimersWorkflow: reminders until the mail is answered (15 s, here 0.4 s)");
  const reminder = "reminder sent to nina@mail.com";
  await stage.ask(ingress.send("SignupWithTimersWorkflow/nina/run", person("Nina")), accepted);
  const mails = ["verification mail sent to nina@mail.com", reminder, reminder];
  await stage.steps("nina", mails, reminder);
  await stage.ask(await stage.mail("nina"), { status: 200 });
  await stage.ask(ingress.attach("SignupWithTimersWorkflow", "nina"), success);
}

export async function retries(stage: Stage): Promise<void> {
  title("7. SignupWithRetriesWorkflow: a step that gives up after 3 attempts, 1 s and 2 s apart");
  const failed = "welcome mail failed";
  const given =
    "goes on without a welcome mail: TerminalError: the mail server refuses mail for Alice";
  await stage.ask(
    stage.ingress.call("SignupWithRetriesWorkflow/alice-2/run", person("Alice")),
    success,
    {
      key: "alice-2",
      texts: ["created the user Alice", "activated the account", failed, failed, failed, given],
    },
  );
  const attempts = stage.installation.servicesLog.lines.filter(
    ({ text }) => text === `[alice-2] ${failed}`,
  );
  const [first = 0, second = 0, third = 0] = attempts.map(({ atMs }) => atMs);
  // On a busy machine an attempt may be late, and its line too.
  must(
    second - first > 900 && third - second > 1800,
    () =>
      `the attempts were ${Math.round(second - first)} and ${Math.round(third - second)} ms apart`,
  );
}

export async function sagas(stage: Stage): Promise<void> {
  title("8. SignupWithSagasWorkflow: what was done is undone, in reverse");
  await stage.ask(
    stage.ingress.call("SignupWithSagasWorkflow/alice-3/run", person("Alice")),
    { status: 200, body: { success: false } },
    {
      key: "alice-3",
      texts: [
        "created the user Alice",
        "activated the account",
        "subscription refused",
        "cancelled the subscription",
        "deactivated the account",
        "deleted the user",
      ],
    },
  );
}

export async function signup(stage: Stage): Promise<void> {
  const { ingress, installation } = stage;
  title("9. signup: all of it in one; and the server dies while it waits");
  await stage.ask(ingress.send("signup/tom/run", person("Tom")), accepted);
  await stage.steps("tom", ["verification mail sent to tom@mail.com"]);
  const getStatus = ingress.call("signup/tom/getStatus");
  await stage.askUntil(getStatus, { status: 200, body: "Sent email" });

  const { server } = installation;
  await server.kill();
  event(`kill -9 ${server.pid}  the server`);
  await installation.startServer();
  event(`server started again, pid ${installation.server.pid}`);

  await stage.ask(getStatus, { status: 200, body: "Sent email" });
  await stage.ask(await stage.mail("tom"), { status: 200 });
  await stage.ask(ingress.attach("signup", "tom"), { status: 200, body: true });
  await stage.ask(getStatus, { status: 200, body: "Clicked email" });
  verdict("it went on where it was, and no second mail was sent");
}

export async function besideTheNine(stage: Stage): Promise<void> {
  const { ingress } = stage;
  title("   And two more: user-signup, and sign-up-workflow, which can fail");
  await stage.ask(ingress.send("user-signup/lea/run", person("Lea")), accepted);
  await stage.steps("lea", ["created the user Lea", "verification mail sent to lea@mail.com"]);
  await stage.ask(await stage.mail("lea"), { status: 200 });
  await stage.ask(ingress.attach("user-signup", "lea"), { status: 200, body: true });

  await stage.ask(ingress.send("sign-up-workflow/max/run", person("Max")), accepted);
  await stage.steps("max", ["created the user Max", "verification mail sent to max@mail.com"]);
  comment("Someone guesses the secret.");
  const guess = ingress.call("sign-up-workflow/max/approveEmail", "a guess");
  await stage.ask(guess, { status: 200 });
  await stage.ask(ingress.attach("sign-up-workflow", "max"), {
    status: 500,
    body: { message: "Wrong secret from email link", source: "invocation" },
  });
  const getStage = ingress.call("sign-up-workflow/max/getStage");
  await stage.ask(getStage, { status: 200, body: "Verification failed" });
}

export async function typed(stage: Stage): Promise<void> {
  const { ingress } = stage;
  title(
    "   And typed: the same services over gRPC, gRPC-Web and Connect, from the generated manifest",
  );
  const run = ingress.typed("tour.v1.SignupWorkflow/Run", { key: "kim", input: person("Kim") });
  await stage.ask(
    run,
    { status: 200, body: { output: { success: true } } },
    {
      key: "kim",
      texts: ["created the user Kim", "activated the account", "welcome mail sent to kim@mail.com"],
    },
  );
  comment("An error has the code of gRPC that fits; a message that does not fit is refused.");
  await stage.ask(run, { status: 409, body: { code: "already_exists" } });
  const misspelt = ingress.typed("tour.v1.SignupWorkflow/Run", { key: "kai", user: person("Kai") });
  await stage.ask(misspelt, { status: 400, body: { code: "invalid_argument" } });
}
