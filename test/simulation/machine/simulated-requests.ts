// Single requests to a deployment, over the simulated network instead of HTTP: each has a connection of its own, and
// gets lost with it. An answer is a status and a message as bytes.

import {
  create,
  fromBinary,
  isMessage,
  toBinary,
  type DescMessage,
  type DescMethodUnary,
} from "@bufbuild/protobuf";
import { InvokeRequestSchema, type ServerFrame } from "@perdure/proto/protocol/v1/deployment";
import { CallError, type OpenClient } from "@perdure/server/simulation-kit";
import type { Channel, End, Network } from "./network.js";
import type { Process, Scheduler } from "./scheduler.js";
import { Silence } from "./silence.js";

export interface RequestWorld {
  readonly scheduler: Scheduler;
  readonly network: Network;
}

const ok = 1;
const away = 2;

/** Where a method of the service protocol is served. */
function addressOf(uri: string, { name }: DescMethodUnary): string {
  return `${uri}#${name}`;
}

/** @param outgoing  sees each frame on its way out, and may change it */
export function simulatedClients(
  { scheduler, network }: RequestWorld,
  process: Process,
  outgoing: (frame: ServerFrame) => ServerFrame,
): OpenClient {
  return ({ uri }) => ({
    call: (method, given, { signal } = {}) =>
      new Promise((resolve, reject) => {
        let channel: Channel | undefined;
        const over = (error: Error): void => {
          silence.stop();
          channel?.close();
          reject(new CallError("unreachable", error.message));
        };
        const silence = new Silence(scheduler, () => channel, over);
        signal?.addEventListener("abort", () => {
          over(new Error("given up"));
        });
        const message = create(method.input, given);
        if (isMessage(message, InvokeRequestSchema)) {
          message.frames = message.frames.map(outgoing);
          // The real one is drawn once for each process of the system: the simulation is one.
          const { hello } = message;
          if (hello !== undefined) message.hello = { ...hello, instanceId: process.name };
        }
        const request = toBinary(method.input, message);
        const opened = (connected: Channel): Omit<End, "process"> => {
          channel = connected;
          if (signal?.aborted === true) connected.close();
          else connected.send(request);
          return {
            message: (bytes) => {
              silence.heard();
              if (bytes.length === 0) return;
              silence.stop();
              connected.close();
              if (bytes[0] === ok) resolve(fromBinary(method.output, bytes.subarray(1)));
              else reject(new CallError("status", "busy (simulated)", { status: 503 }));
            },
            closed: over,
          };
        };
        network.connect(addressOf(uri, method), process, opened, over);
      }),
    close: () => undefined,
  });
}

/** @param answer  rejects: the service is away; the signal is aborted when the request is given up */
export function serveRequests<I extends DescMessage, O extends DescMessage>(
  network: Network,
  process: Process,
  uri: string,
  method: DescMethodUnary<I, O>,
  answer: (request: Uint8Array, signal: AbortSignal) => Promise<Uint8Array>,
): void {
  network.listen(addressOf(uri, method), process, (channel) => {
    const controller = new AbortController();
    const said = (status: number, bytes: Uint8Array): void => {
      channel.send(Buffer.concat([Uint8Array.of(status), bytes]));
    };
    return {
      message: (bytes) => {
        if (bytes.length === 0) return channel.send(bytes);
        answer(bytes, controller.signal).then(
          (answered) => {
            said(ok, answered);
          },
          () => {
            said(away, new Uint8Array());
          },
        );
      },
      closed: () => {
        controller.abort();
      },
    };
  });
}
