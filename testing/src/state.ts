// State of a virtual object or a workflow, read and written from a test, past its handlers.

import {
  nameOf,
  type Definable,
  type HandlersOf,
  type ServiceName,
} from "@perdure/protocol/definitions";
import type { JournalValueCodec } from "@perdure/clients";
import {
  serde as serdes,
  type ObjectContext,
  type ObjectSharedContext,
  type Serde,
  type WorkflowContext,
  type WorkflowSharedContext,
} from "@perdure/sdk";
import type { Operators } from "@perdure/server";
import { TestingError, TestingErrorCode } from "./errors.js";

type ContextOf<Handler> = Handler extends (context: infer C, ...input: never[]) => unknown
  ? C
  : never;

/** The richer contexts first: each also matches the ones that it extends, but says nothing then. */
type ShapeOfContext<C> =
  C extends ObjectContext<infer S>
    ? S
    : C extends WorkflowContext<infer S>
      ? S
      : C extends ObjectSharedContext<infer S>
        ? S
        : C extends WorkflowSharedContext<infer S>
          ? S
          : never;

/** The state that the handlers of a definition or a class declare: `ObjectContext<{ count: number }>`. */
export type StateShape<D> = ShapeOfContext<ContextOf<HandlersOf<D>[keyof HandlersOf<D>]>>;

type Keys<S> = string extends keyof S ? string : keyof S & string;

/** State of one key. Values are JSON unless a serde is given. */
export interface StateOf<S> {
  /** Null where it is not set. */
  get<K extends Keys<S>>(name: K, serde?: Serde<S[K]>): Promise<S[K] | null>;
  getAll(serde?: Serde<unknown>): Promise<Partial<S>>;
  /** Sets one value; the others stay. */
  set<K extends Keys<S>>(name: K, value: S[K], serde?: Serde<S[K]>): Promise<void>;
  /** Replaces all state. */
  setAll(values: Partial<S>, serde?: Serde<unknown>): Promise<void>;
  clear(name: Keys<S>): Promise<void>;
  clearAll(): Promise<void>;
}

export interface StateSource {
  readonly operators: Pick<Operators, "state" | "patchState">;
  /** What all values pass, where the endpoint has one. */
  readonly codec: JournalValueCodec | undefined;
}

export function createStateOf(
  { operators, codec }: StateSource,
  definable: Definable | ServiceName,
  key: string,
): StateOf<Readonly<Record<string, unknown>>> {
  const service = nameOf(definable as Definable);
  const of = { service, key, scope: undefined };
  const json = serdes.json;

  const read = async <T>(bytes: Uint8Array, serde: Serde<T>): Promise<T> =>
    serde.deserialize(codec === undefined ? bytes : await codec.decode(bytes));

  const written = <T>(name: string, value: T, serde: Serde<T>): Uint8Array => {
    try {
      const bytes = serde.serialize(value);
      return codec === undefined ? bytes : codec.encode(bytes);
    } catch (cause) {
      throw new TestingError(
        TestingErrorCode.badArgument,
        `the state "${name}" of ${service}/${key} can't be serialised: ${String(cause)}`,
        { cause },
      );
    }
  };

  const replace = (rows: ReadonlyMap<string, Uint8Array>): Promise<void> =>
    operators.patchState(of, rows, undefined);

  return {
    async get(name, serde = json) {
      const bytes = (await operators.state(of)).get(name);
      return bytes === undefined ? null : read(bytes, serde);
    },
    async getAll(serde = json) {
      const rows = await operators.state(of);
      const values = [...rows].map(async ([name, bytes]): Promise<[string, unknown]> => [
        name,
        await read(bytes, serde),
      ]);
      return Object.fromEntries(await Promise.all(values));
    },
    async set(name, value, serde = json) {
      const bytes = written(name, value, serde);
      await replace(new Map([...(await operators.state(of)), [name, bytes]]));
    },
    async setAll(values, serde = json) {
      const rows = Object.entries(values).map(([name, value]): [string, Uint8Array] => [
        name,
        written(name, value, serde),
      ]);
      await replace(new Map(rows));
    },
    async clear(name) {
      const rows = new Map(await operators.state(of));
      if (rows.delete(name)) await replace(rows);
    },
    clearAll: () => replace(new Map()),
  };
}
