// The first act: what a workflow promises, and that it holds when everything dies in the middle.

import { must } from "./failure.js";
import type { Stage } from "./stage.js";
import { comment, event, title, verdict } from "./story.js";

const john = { name: "John Doe", email: "john@mail.com" };
const alice = { name: "Alice", email: "alice@mail.com" };

export async function signupWorkflow(stage: Stage): Promise<void> {
  const { ingress } = stage;
  title("1. SignupWorkflow: each step is recorded, and never run again");

  const signUp = ingress.call("SignupWorkflow/johndoe/run", john);
  await stage.ask(
    signUp,
    { status: 200, body: { success: true } },
    {
      key: "johndoe",
      texts: [
        "created the user John Doe",
        "activated the account",
        "welcome mail sent to john@mail.com",
      ],
    },
  );
  comment("The same again: a workflow runs once for each key.");
  await stage.ask(signUp, { status: 409, body: { source: "invocation" } });
  comment("Accepted now, to run in five minutes:");
  const later = await stage.ask(ingress.send("SignupWorkflow/petewhite/run", john, "5m"), {
    status: 202,
    body: { status: "Accepted" },
  });
  const { executionTime } = later.body as { readonly executionTime?: string };
  const delayMs = Date.parse(executionTime ?? "") - Date.now();
  must(delayMs > 4 * 60_000 && delayMs < 6 * 60_000, () => `it will run at ${executionTime}`);

  await crash(stage);
}

/** Services and server are killed while a sign-up is half done. */
async function crash(stage: Stage): Promise<void> {
  const { ingress, installation } = stage;
  title("   Alice's welcome mail fails, and while it is tried again, everything dies");

  await stage.ask(ingress.send("SignupWorkflow/alice/run", alice), {
    status: 202,
    body: { status: "Accepted" },
  });
  const failed = "welcome mail failed";
  const before = ["created the user Alice", "activated the account", failed, failed];
  await stage.steps("alice", before, failed);

  const { services } = installation;
  await services.kill();
  event(`kill -9 ${services.pid}  the services`);
  const { server } = installation;
  await server.kill();
  event(`kill -9 ${server.pid}  the server`);

  await installation.startServer();
  event(`server started again, pid ${installation.server.pid}, on the data that it left`);
  await installation.startServices("works");
  event(`services started again, pid ${installation.services.pid}, with the fault removed`);

  await stage.steps("alice", ["welcome mail sent to alice@mail.com"]);
  comment("Whoever wants the result latches on to it, now or later.");
  await stage.ask(ingress.attach("SignupWorkflow", "alice"), {
    status: 200,
    body: { success: true },
  });
  verdict("the account was created once and activated once: recorded steps were not repeated");
}
