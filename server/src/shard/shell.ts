// What the shard tells the rest of the server after a commit: one method for each effect that is not the
// shard's own business (its outbox and its timers are).

import type { Effect } from "../core/effect.js";

type EffectOf<Kind extends Effect["kind"]> = Extract<Effect, { kind: Kind }>;

export interface Shell {
  submitted(effect: EffectOf<"submitted">): void;
  answered(effect: EffectOf<"answered">): void;
  completed(effect: EffectOf<"completed">): void;
  ready(partition: number, effect: EffectOf<"ready">): void;
  forward(effect: EffectOf<"forward">): void;
  attemptOver(effect: EffectOf<"attemptOver">): void;
  registryChanged(): void;
  /**
   * A row is ready by a batch that is not durable yet. What is started for it waits with everything that others could see
   * until `released`.
   * @returns false where it has to wait: it is told as `ready` then, once it is durable
   */
  readyEarly(partition: number, effect: EffectOf<"ready">): boolean;
  /**
   * Behind the last {@link Shell.readyEarly} of a batch.
   * @param position  the log position up to which all is durable when `released` is called
   */
  startEarly(position: number): void;
  /** All effects of a batch are out; the tables hold exactly what is durable. */
  released(batch: readonly { readonly partition: number }[]): void;
}
