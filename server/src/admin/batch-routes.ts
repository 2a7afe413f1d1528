// Verbs for many invocations at once. Each fares for itself: what one can't do does not hold up the others.

import { verbs } from "./invocation-verbs.js";
import { perform, restart } from "./invocation-verbs.js";
import { toHttpError } from "./admin-errors.js";
import { badRequest, deploymentChoice, listOf, membersOf, text } from "./members.js";
import type { AdminParts } from "./parts.js";
import { smallBody, type Answer, type Call, type Route } from "./route.js";
import type { DeploymentChoice } from "../shard/operators.js";

/** Invocations of one batch. */
const idsMax = 1_000;
/** So many are asked for at once: what others want meanwhile does not wait for all of a batch. */
const idsAtOnce = 50;

export const batchRoutes: readonly Route[] = [
  ...verbs.map((verb) =>
    batchRoute(verb, "keep", async ({ operators }, invocationId, deployment) => {
      await perform(operators, { verb, invocationId, deployment });
      return invocationId;
    }),
  ),
  batchRoute("restart-as-new", "latest", async ({ operators }, id, deployment) => ({
    old_invocation_id: id,
    new_invocation_id: await restart(operators, id, 0, deployment),
  })),
];

type Act = (
  parts: AdminParts,
  id: string,
  deployment: DeploymentChoice,
) => Promise<string | object>;

function batchRoute(verb: string, absent: "latest" | "keep", act: Act): Route {
  const path = `/internal/invocations_batch_operations/${verb}`;
  const answer = (parts: AdminParts, { body }: Call): Promise<Answer> =>
    batch(parts, body, absent, act);
  return { method: "POST", path, bodyBytesMax: smallBody, answer };
}

async function batch(
  parts: AdminParts,
  body: unknown,
  absent: "latest" | "keep",
  act: Act,
): Promise<Answer> {
  const members = membersOf(body, "the body", '{"invocation_ids":["inv_…"]}');
  const ids = listOf(members["invocation_ids"], '"invocation_ids"', '["inv_…"]').map((id, at) => {
    if (typeof id === "string") return id;
    throw badRequest(`"invocation_ids" must hold strings; number ${at + 1} is none`);
  });
  if (ids.length > idsMax) {
    throw badRequest(
      `"invocation_ids" holds ${ids.length} ids; the most is ${idsMax}. Send several batches`,
    );
  }
  const deployment = deploymentChoice(text(members, "deployment"), absent);
  const succeeded: (string | object)[] = [];
  const failed: object[] = [];
  for (let from = 0; from < ids.length; from += idsAtOnce) {
    const some = ids.slice(from, from + idsAtOnce);
    const outcomes = await Promise.allSettled(some.map((id) => act(parts, id, deployment)));
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome.status === "fulfilled") {
        succeeded.push(outcome.value);
      } else {
        const { message } = toHttpError(outcome.reason, "a batch of invocations");
        failed.push({ invocation_id: some[at], error: message });
      }
    }
  }
  return { status: 200, body: { succeeded, failed } };
}
