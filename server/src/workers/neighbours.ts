// What the engine of one worker wants of the others.

import type { EngineNeighbours } from "./engine.js";
import type { Routing } from "./routing.js";

export function neighboursOf(routing: Routing): EngineNeighbours {
  return {
    deliver: (to, message) => {
      routing.linkOf(to)?.tell("deliver", { to, message });
    },
    delivered: (sender, receipt) => {
      routing.linkOf(sender)?.tell("delivered", { sender, receipt });
    },
    replicate: async (change) => {
      await Promise.all(Array.from(routing.others, (link) => link.call("apply", change)));
    },
    pinnedTo: async (deploymentId) => {
      const asked = Array.from(routing.others, (link) => link.call("pinnedTo", deploymentId));
      const counts = await Promise.all(asked);
      return counts.reduce((sum, count) => sum + count, 0);
    },
  };
}
