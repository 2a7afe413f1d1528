// Routes about one invocation: how it is, what is in its journal, and the verbs.

import { InvocationStatus } from "@perdure/proto/storage/v1/records";
import { adminErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";
import { invocationBody } from "./invocation-body.js";
import { checkInvocationId, unknownInvocation } from "./invocation-id.js";
import { perform, restart, verbs, type Verb } from "./invocation-verbs.js";
import { exportJournal, journalJson } from "./journal-export.js";
import { badRequest, deploymentChoice } from "./members.js";
import type { AdminParts } from "./parts.js";
import { paramOf, type Answer, type Call, type Route } from "./route.js";

export const invocationRoutes: readonly Route[] = [
  { method: "GET", path: "/invocations/:id", answer: describe },
  { method: "GET", path: "/invocations/:id/journal", answer: journal },
  { method: "DELETE", path: "/invocations/:id", answer: remove },
  ...verbs.map((verb) => verbRoute(verb)),
  { method: "PATCH", path: "/invocations/:id/restart-as-new", answer: restartAsNew },
];

async function describe({ operators }: AdminParts, call: Call): Promise<Answer> {
  const id = checkInvocationId(paramOf(call, "id"));
  const found = await operators.invocation(id);
  if (found === undefined) throw unknownInvocation(id);
  const hasEnded = found.invocation.status === InvocationStatus.COMPLETED;
  // How it ended is in its journal; that may have gone meanwhile.
  const entries = hasEnded ? ((await operators.journal(id))?.entries ?? []) : [];
  return { status: 200, body: invocationBody(found, entries) };
}

async function journal({ operators, redaction }: AdminParts, call: Call): Promise<Answer> {
  const exported = await exportJournal(operators, paramOf(call, "id"), redaction);
  return { status: 200, body: journalJson(exported) };
}

function verbRoute(verb: Verb): Route {
  return {
    method: "PATCH",
    path: `/invocations/:id/${verb}`,
    answer: async ({ operators }, call) => {
      const deployment = deploymentChoice(call.query.get("deployment"), "keep");
      const invocationId = paramOf(call, "id");
      const accepted = await perform(operators, { verb, invocationId, deployment });
      return { status: accepted === "requested" ? 202 : 200 };
    },
  };
}

/** The field's older way: it says that it was heard, whatever comes of it. */
async function remove({ operators }: AdminParts, call: Call): Promise<Answer> {
  const invocationId = checkInvocationId(paramOf(call, "id"));
  const mode = call.query.get("mode") ?? "Cancel";
  const verb = mode.toLowerCase();
  if (verb !== "cancel" && verb !== "kill" && verb !== "purge") {
    throw badRequest(`"mode" in the query must be Cancel, Kill or Purge, got "${mode}"`);
  }
  await perform(operators, { verb, invocationId, deployment: "keep" }).catch((error: unknown) => {
    if (!isVerdict(error)) throw error;
  });
  return { status: 202 };
}

function isVerdict(error: unknown): boolean {
  const verdicts = [
    adminErrors.unknownInvocation,
    adminErrors.invocationCompleted,
    adminErrors.invocationNotCompleted,
  ];
  return error instanceof HttpError && verdicts.some(({ code }) => code === error.code);
}

async function restartAsNew({ operators }: AdminParts, call: Call): Promise<Answer> {
  const deployment = deploymentChoice(call.query.get("deployment"), "latest");
  const from = entryIndex(call.query.get("from"));
  const id = await restart(operators, paramOf(call, "id"), from, deployment);
  return { status: 200, body: { new_invocation_id: id } };
}

function entryIndex(text: string | null): number {
  if (text === null) return 0;
  const index = /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  if (index !== undefined && index <= 0xffff_ffff) return index;
  throw badRequest(`"from" in the query must be the index of a journal entry, got "${text}"`);
}
