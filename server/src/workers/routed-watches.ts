// Watches of all workers, for the ingress of one. What another tells is asked for piece by piece, as it is read.

import { partitionOfInvocationId } from "@perdure/protocol/ids";
import type { Gone } from "../shard/invocations.js";
import type { Watched, Watches } from "../shard/watches.js";
import type { PeerLink } from "./peer.js";
import type { Routing } from "./routing.js";

export function routedWatches(
  here: Pick<Watches, "watch">,
  routing: Routing,
): Pick<Watches, "watch"> {
  return {
    async watch(invocationId, since, gone) {
      const link = routing.linkOf(partitionOfInvocationId(invocationId));
      if (link === undefined) return await here.watch(invocationId, since, gone);
      const watch = await link.call("watch", { invocationId, since });
      return watch === undefined ? undefined : follow(link, watch, gone);
    },
  };
}

async function* follow(link: PeerLink, watch: number, gone: Gone): AsyncGenerator<Watched, void> {
  const end = (): void => {
    link.tell("endWatch", watch);
  };
  gone.addEventListener("abort", end);
  if (gone.aborted) end();
  try {
    for (;;) {
      const next = await link.call("nextOfWatch", watch);
      if (next === undefined) return;
      yield next;
    }
  } finally {
    end();
  }
}
