// The names under which users know durable promises: a type, and the combinators as its value.

import { combinators, type Combinators } from "./combinators.js";
import type { DurablePromise as DurablePromiseType } from "./durable-promise.js";

/** A promise whose result is recorded. */
export type DurablePromise<T> = DurablePromiseType<T>;
export const DurablePromise: Combinators = combinators;

/** The name that the field's examples use for {@link DurablePromise}. */
export type RestatePromise<T> = DurablePromiseType<T>;
export const RestatePromise: Combinators = combinators;

/** An older name of the field for {@link DurablePromise}. */
export type CombineablePromise<T> = DurablePromiseType<T>;
export const CombineablePromise: Combinators = combinators;
