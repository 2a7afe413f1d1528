// Services as the user's code defines them, as plain data.

import type { HandlerKindName, ServiceKindName } from "@perdure/protocol/definitions";
import type { Place } from "./place.js";
import type { Doc, NamedType, ValueType } from "./types.js";

/** Everything that was read. */
export interface Model {
  /** By name, in code point order. */
  readonly services: readonly ServiceModel[];
  /** Every named type that a handler's input or output leads to, by name. */
  readonly types: ReadonlyMap<string, NamedType>;
}

export interface ServiceModel {
  /** The name that it is registered by. */
  readonly name: string;
  /** The class or the constant. */
  readonly symbol: string;
  readonly kind: ServiceKindName;
  readonly doc: Doc;
  readonly metadata: Readonly<Record<string, string>>;
  readonly options: OptionsModel;
  /** In the order of the code. */
  readonly handlers: readonly HandlerModel[];
  readonly place: Place;
  /** `@jsonOnly`: it has no protobuf types and no typed client. */
  readonly jsonOnly?: boolean;
}

export type { HandlerKindName };

export interface HandlerModel {
  readonly name: string;
  readonly kind: HandlerKindName;
  readonly doc: Doc;
  readonly metadata: Readonly<Record<string, string>>;
  readonly options: OptionsModel;
  /** Absent: it takes none. */
  readonly input?: InputModel;
  /** Absent: it gives none. */
  readonly output?: OutputModel;
  readonly steps: StepsModel;
  readonly place: Place;
  /** What the tag `@renamedFrom` says: the name of the handler in an earlier output. */
  readonly renamedFrom?: string;
  /** `@jsonOnly`: it has no protobuf types and no typed client. */
  readonly jsonOnly?: boolean;
}

export interface InputModel {
  /** The name of the parameter. */
  readonly name: string;
  readonly type: ValueType;
  readonly optional: boolean;
  readonly encoding: Encoding;
  readonly place: Place;
}

export interface OutputModel {
  readonly type: ValueType;
  readonly optional: boolean;
  readonly encoding: Encoding;
  readonly place: Place;
}

/** How the value travels to the handler and back: JSON text, or the bytes themselves (`serde.binary`). */
export type Encoding = "json" | "bytes";

/** What can be read of the options without running anything. Durations in milliseconds. */
export interface OptionsModel {
  readonly idempotencyRetentionMs?: number;
  readonly workflowRetentionMs?: number;
  readonly journalRetentionMs?: number;
  readonly inactivityTimeoutMs?: number;
  readonly abortTimeoutMs?: number;
  readonly ingressPrivate?: boolean;
  readonly enableLazyState?: boolean;
  readonly retryPolicy?: {
    readonly initialIntervalMs?: number;
    readonly exponentiationFactor?: number;
    readonly maxIntervalMs?: number;
    /** Infinity for no limit. */
    readonly maxAttempts?: number;
    readonly onMaxAttempts?: "pause" | "kill";
  };
  /** The description of the options, which wins over JSDoc. */
  readonly description?: string;
  /** Of a handler: the content type that callers must send. */
  readonly accept?: string;
  readonly setOutputContentTypeIfEmpty?: boolean;
}

/** As perdure.manifest.v1.StepSequence. */
export interface StepsModel {
  readonly steps: readonly StepModel[];
  readonly complete: boolean;
}

export interface StepModel {
  readonly operation: string;
  readonly name: string;
  readonly inner: readonly StepModel[];
}
