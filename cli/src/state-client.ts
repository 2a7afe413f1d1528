// The admin port's routes about the state of an object or a workflow, as commands need them.

import { isObject, type AdminConnection } from "./admin-connection.js";

export interface StateTarget {
  readonly service: string;
  readonly key: string;
  readonly scope: string | undefined;
}

export interface StateAnswer {
  readonly state: ReadonlyMap<string, Uint8Array>;
  /** A hash of all of it. */
  readonly version: string;
}

export interface StateClient {
  get(target: StateTarget): Promise<StateAnswer>;
  /**
   * Replaces all of it, in turn with the exclusive handlers that run or wait.
   * @param version  nothing happens where it is not the state's by then
   */
  set(
    target: StateTarget,
    state: ReadonlyMap<string, Uint8Array>,
    version: string | undefined,
  ): Promise<void>;
}

export function createStateClient(admin: AdminConnection): StateClient {
  const pathOf = ({ service }: StateTarget): string =>
    `/services/${encodeURIComponent(service)}/state`;
  return {
    async get(target) {
      const { key, scope } = target;
      const query = scope === undefined ? "" : `?${new URLSearchParams({ scope }).toString()}`;
      const path = `${pathOf(target)}/${encodeURIComponent(key)}${query}`;
      const { body } = await admin.ask("GET", path);
      const { state, version } = admin.checked(isState, body);
      const entries = Object.entries(state).map(
        ([name, bytes]) => [name, Uint8Array.from(bytes)] as const,
      );
      return { state: new Map(entries), version };
    },
    async set(target, state, version) {
      const { key, scope } = target;
      const bytes = [...state].map(([name, value]) => [name, [...value]] as const);
      await admin.ask("POST", pathOf(target), {
        object_key: key,
        new_state: Object.fromEntries(bytes),
        ...(scope === undefined ? {} : { scope }),
        ...(version === undefined ? {} : { version }),
      });
    },
  };
}

function isState(body: unknown): body is {
  readonly state: Readonly<Record<string, readonly number[]>>;
  readonly version: string;
} {
  if (!isObject(body)) return false;
  const { state, version } = body;
  if (!isObject(state) || typeof version !== "string") return false;
  return Object.values(state).every((bytes) => Array.isArray(bytes));
}
