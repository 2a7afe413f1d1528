// The admin port's routes about invocations, as commands need them.

import { isObject, type AdminConnection } from "./admin-connection.js";

export type BatchVerb = "cancel" | "kill" | "pause" | "resume" | "purge" | "purge-journal";

export interface Failed {
  readonly id: string;
  readonly error: string;
}

export interface Restarted {
  readonly oldId: string;
  readonly newId: string;
}

export interface BatchOutcome<Succeeded> {
  readonly succeeded: readonly Succeeded[];
  readonly failed: readonly Failed[];
}

export type InvocationAnswer = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly status: string;
};

export interface InvocationClient {
  get(id: string): Promise<InvocationAnswer>;
  journal(id: string): Promise<object>;
  /** @param deployment  of resume: keep, latest, or an id */
  batch(
    verb: BatchVerb,
    ids: readonly string[],
    deployment?: string,
  ): Promise<BatchOutcome<string>>;
  /** From their input alone. */
  restartAll(ids: readonly string[], deployment?: string): Promise<BatchOutcome<Restarted>>;
  /** From an entry of its journal. */
  restart(id: string, from: number, deployment?: string): Promise<Restarted>;
}

/** What the server takes at once. */
const idsMax = 1_000;

export function createInvocationClient(admin: AdminConnection): InvocationClient {
  const pathOf = (id: string): string => `/invocations/${encodeURIComponent(id)}`;

  async function batches<T>(
    verb: string,
    ids: readonly string[],
    deployment: string | undefined,
    is: (one: unknown) => one is T,
  ): Promise<BatchOutcome<T>> {
    const succeeded: T[] = [];
    const failed: Failed[] = [];
    for (let at = 0; at < ids.length; at += idsMax) {
      const { body } = await admin.ask("POST", `/internal/invocations_batch_operations/${verb}`, {
        invocation_ids: ids.slice(at, at + idsMax),
        ...(deployment === undefined ? {} : { deployment }),
      });
      const answer = admin.checked(isBatch, body);
      succeeded.push(...answer.succeeded.map((one) => admin.checked(is, one)));
      failed.push(...answer.failed.map(({ invocation_id: id, error }) => ({ id, error })));
    }
    return { succeeded, failed };
  }

  return {
    async get(id) {
      const { body } = await admin.ask("GET", pathOf(id));
      return admin.checked(isInvocation, body);
    },
    async journal(id) {
      const { body } = await admin.ask("GET", `${pathOf(id)}/journal`);
      return admin.checked(isObject, body);
    },
    batch: (verb, ids, deployment) => batches(verb, ids, deployment, isText),
    async restartAll(ids, deployment) {
      const outcome = await batches("restart-as-new", ids, deployment, isRestarted);
      const succeeded = outcome.succeeded.map(
        ({ old_invocation_id: oldId, new_invocation_id: newId }) => ({ oldId, newId }),
      );
      return { ...outcome, succeeded };
    },
    async restart(id, from, deployment) {
      const query = new URLSearchParams({ from: String(from) });
      if (deployment !== undefined) query.set("deployment", deployment);
      const { body } = await admin.ask("PATCH", `${pathOf(id)}/restart-as-new?${query.toString()}`);
      return { oldId: id, newId: admin.checked(isNewId, body).new_invocation_id };
    },
  };
}

const isText = (value: unknown): value is string => typeof value === "string";

function isInvocation(body: unknown): body is InvocationAnswer {
  return isObject(body) && isText(body["id"]) && isText(body["status"]);
}

function isNewId(body: unknown): body is { readonly new_invocation_id: string } {
  return isObject(body) && isText(body["new_invocation_id"]);
}

function isRestarted(
  body: unknown,
): body is { readonly old_invocation_id: string; readonly new_invocation_id: string } {
  return isNewId(body) && "old_invocation_id" in body && isText(body.old_invocation_id);
}

function isBatch(body: unknown): body is {
  readonly succeeded: readonly unknown[];
  readonly failed: readonly { readonly invocation_id: string; readonly error: string }[];
} {
  if (!isObject(body)) return false;
  const { succeeded, failed } = body;
  const isFailed = (one: unknown): boolean =>
    isObject(one) && isText(one["invocation_id"]) && isText(one["error"]);
  return Array.isArray(succeeded) && Array.isArray(failed) && failed.every(isFailed);
}
