// The stream of a session, over the simulated network instead of HTTP/2: whole messages as bytes, each way. A peer that is
// silent is asked, as HTTP/2's ping does, and given up; and now and then the network takes no more for a moment.

import type { ServerFrame } from "@perdure/proto/protocol/v1/deployment";
import { grpcHeadBytes } from "@perdure/protocol/grpc-framing";
import { decodeSessionRequest, encodeSessionRequest } from "@perdure/protocol/session-messages";
import type { OpenStream } from "@perdure/server/simulation-kit";
import type { Channel, Network } from "./network.js";
import type { Random } from "./random.js";
import type { Process, Scheduler } from "./scheduler.js";
import { Silence } from "./silence.js";

export interface StreamWorld {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly random: Random;
}

/** @param outgoing  sees each frame on its way out, and may change it */
export function simulatedStreams(
  world: StreamWorld,
  process: Process,
  outgoing: (frame: ServerFrame) => ServerFrame,
): OpenStream {
  const { scheduler, network } = world;
  return (uri, listener) => {
    let channel: Channel | undefined;
    let closed = false;
    const over = (error: Error): void => {
      if (closed) return;
      close();
      listener.closed(error);
    };
    // Nothing but this says that the peer lives: a ping is answered by the connection, not by the code.
    const silence = new Silence(scheduler, () => channel, over);
    const close = (): void => {
      closed = true;
      silence.stop();
      channel?.close();
    };
    const opened = (given: Channel) => {
      channel = given;
      if (closed) given.close();
      else listener.drained();
      return {
        message: (bytes: Uint8Array): void => {
          silence.heard();
          if (closed || bytes.length === 0) return;
          try {
            listener.message(bytes);
          } catch (error) {
            over(error as Error);
          }
        },
        closed: over,
      };
    };
    return {
      open: async () => {
        // Whoever opens a session hears of its end later, never before it has it.
        await Promise.resolve();
        network.connect(uri, process, opened, over);
      },
      write: (parts) => {
        if (channel === undefined || closed) return true;
        const frames = decodeSessionRequest(
          new Uint8Array(Buffer.concat(parts)).subarray(grpcHeadBytes),
        );
        channel.send(encodeSessionRequest(frames.map(outgoing)).slice());
        return takesMore(world, process, listener.drained);
      },
      close,
    };
  };
}

/** False now and then: `drained` is called when there is room again. */
export function takesMore(
  { scheduler, random }: StreamWorld,
  process: Process,
  drained: () => void,
): boolean {
  if (!random.chance(0.02)) return true;
  scheduler.after(random.about(5), process, drained);
  return false;
}
