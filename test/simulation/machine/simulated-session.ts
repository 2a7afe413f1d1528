// The server's side of a session, over the simulated network instead of HTTP/2: what goes out is gathered as the real one
// gathers it, and a peer that is silent is asked, and given up.

import { create } from "@bufbuild/protobuf";
import { ServerFrameSchema, type ServerFrame } from "@perdure/proto/protocol/v1/deployment";
import { gate } from "@perdure/protocol/features";
import { FrameQueue } from "@perdure/protocol/frame-queue";
import { decodeSessionResponse, encodeSessionRequest } from "@perdure/protocol/session-messages";
import {
  serverHello,
  type SessionHandle,
  type SessionOptions,
} from "@perdure/server/simulation-kit";
import type { Channel, Network } from "./network.js";
import type { Process, Scheduler } from "./scheduler.js";

const silenceMsMax = 20_000;
const openTimeoutMs = 5_000;

export interface SimulatedSessionOptions extends SessionOptions {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly process: Process;
  /** Sees each frame on its way out, and may change it. */
  readonly outgoing: (frame: ServerFrame) => ServerFrame;
}

export function openSimulatedSession(options: SimulatedSessionOptions): SessionHandle {
  const { listener, scheduler, network, process } = options;
  const queue = new FrameQueue<ServerFrame>();
  let channel: Channel | undefined;
  let open = false;
  let gated = false;
  let over = false;
  let heardAt = scheduler.nowMs;
  // Nothing but these lines says that the peer lives: a ping of HTTP/2 is answered by the connection, not by the code.
  const watch = setInterval(() => {
    const silent = scheduler.nowMs - heardAt;
    if (!open && silent > openTimeoutMs) close(new Error("no Hello in time"));
    else if (silent > silenceMsMax) close(new Error("the peer is silent"));
    else if (open && silent > silenceMsMax / 2) channel?.send(new Uint8Array());
  }, 1_000);

  const hello = { ...serverHello(), instanceId: process.name };
  queue.push(create(ServerFrameSchema, { frame: { case: "hello", value: hello } }));
  network.connect(
    options.uri,
    process,
    (opened) => {
      channel = opened;
      if (over) opened.close();
      else void send(opened);
      return {
        message: (bytes) => {
          heardAt = scheduler.nowMs;
          if (over || bytes.length === 0) return;
          const frames = decodeSessionResponse(bytes);
          if (!open) {
            open = true;
            const [first] = frames;
            gated = first?.frame.case === "hello" && first.frame.value.features.includes(gate);
            listener.opened();
          }
          listener.frames(frames);
        },
        closed: close,
      };
    },
    close,
  );

  async function send(to: Channel): Promise<void> {
    for await (const { frames } of queue) {
      if (over) return;
      to.send(encodeSessionRequest(frames).slice());
    }
  }

  function close(error: Error | undefined): void {
    if (over) return;
    over = true;
    open = false;
    clearInterval(watch);
    queue.close();
    channel?.close();
    if (error !== undefined) listener.closed(error);
    // Whoever closes it hears of it afterwards, as with the real one.
    else queueMicrotask(() => listener.closed(error));
  }

  return {
    get open(): boolean {
      return open;
    },
    get gated(): boolean {
      return gated;
    },
    send: (frame) => {
      queue.push(options.outgoing(frame));
    },
    close: () => {
      close(undefined);
    },
  };
}
