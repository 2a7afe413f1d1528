// Operators of all workers, for the admin port of one.

import { isInvocationId, partitionOfInvocationId } from "@perdure/protocol/ids";
import { partitionOfObject } from "../shard/identity.js";
import type { Operators, StateOf } from "../shard/operators.js";
import type { PeerLink, Verb } from "./peer.js";
import type { Routing } from "./routing.js";

export interface RoutedOperatorsOptions {
  readonly here: Operators;
  readonly routing: Routing;
  /** Of all workers. */
  readonly pinnedTo: (deploymentId: string) => Promise<number>;
}

export function routedOperators({ here, routing, pinnedTo }: RoutedOperatorsOptions): Operators {
  const at = (place: number): Operators => {
    const link = routing.linkOf(place);
    return link === undefined ? here : operatorsOver(link);
  };
  // What is no id is nobody's: whoever is asked says so.
  const by = (id: string): Operators =>
    isInvocationId(id) ? at(partitionOfInvocationId(id)) : here;
  const of = (object: StateOf): Operators => at(partitionOfObject(object));
  return {
    invocation: (id) => by(id).invocation(id),
    journal: (id) => by(id).journal(id),
    cancel: (id) => by(id).cancel(id),
    kill: (id) => by(id).kill(id),
    pause: (id) => by(id).pause(id),
    resume: (id, deployment) => by(id).resume(id, deployment),
    restartAsNew: (id, from, deployment) => by(id).restartAsNew(id, from, deployment),
    purge: (id) => by(id).purge(id),
    purgeJournal: (id) => by(id).purgeJournal(id),
    state: (object) => of(object).state(object),
    patchState: (object, state, version) => of(object).patchState(object, state, version),
    pinnedTo,
  };
}

function operatorsOver(link: PeerLink): Operators {
  const asked =
    (verb: Verb) =>
    (...parameters: readonly unknown[]): Promise<never> =>
      link.call("operate", { verb, parameters }) as Promise<never>;
  return {
    invocation: asked("invocation"),
    journal: asked("journal"),
    cancel: asked("cancel"),
    kill: asked("kill"),
    pause: asked("pause"),
    resume: asked("resume"),
    restartAsNew: asked("restartAsNew"),
    purge: asked("purge"),
    purgeJournal: asked("purgeJournal"),
    state: asked("state"),
    patchState: asked("patchState"),
    pinnedTo: asked("pinnedTo"),
  };
}
