// A process of a deployment: the real endpoint sessions, attempts and contexts of the SDK, behind a simulated network.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  Deployment,
  DiscoverResponseSchema,
  InvokeRequestSchema,
  InvokeResponseSchema,
  ProtocolMode,
  type ServerFrame,
} from "@perdure/proto/protocol/v1/deployment";
import { EndpointSession, helloOf, invoke, resolveEndpoint } from "@perdure/sdk/replay-kit";
import {
  decodeServerFrame,
  decodeSessionRequest,
  encodeSessionResponse,
} from "@perdure/protocol/session-messages";
import { protocolVersions } from "@perdure/protocol/versions";
import type { Discovered } from "@perdure/server/simulation-kit";
import type { AttemptView, Fact } from "../history.js";
import { simulatedServices, type Host, type Want } from "../programs/interpreter.js";
import type { Channel, End, Network } from "./network.js";
import type { Random } from "./random.js";
import type { Process, Scheduler } from "./scheduler.js";
import { serveRequests } from "./simulated-requests.js";
import { takesMore } from "./simulated-stream.js";

export interface ServiceWorld {
  readonly scheduler: Scheduler;
  readonly network: Network;
  readonly random: Random;
  readonly tell: (fact: Fact) => void;
  readonly wants: (want: Want) => void;
  readonly execution: (runId: string, step: string) => number;
  /** How many records were durable when the server sent the start of an attempt. */
  readonly startedAt: (attempt: string) => number;
  /** How many times longer than usual things take. */
  readonly slowness: () => number;
  /** An attempt came as a request of its own. */
  readonly requested: () => void;
  readonly lazyState: boolean;
}

export class ServiceProcess implements Host {
  readonly process: Process;
  wrongCode = false;
  readonly #world: ServiceWorld;
  readonly #address: string;
  readonly #endpoint: ReturnType<typeof resolveEndpoint>;
  readonly #attempts = new Map<string, AttemptView>();
  readonly #byStream = new Map<string, AttemptView>();
  /** Of frames that come in pieces. */
  readonly #pieces = new Map<string, Buffer>();
  #sessions = 0;

  constructor(world: ServiceWorld, process: Process, address: string) {
    this.#world = world;
    this.process = process;
    this.#address = address;
    this.#endpoint = resolveEndpoint({
      services: simulatedServices(this, world.lazyState),
      logger: () => undefined,
    });
    const { network } = world;
    network.listen(address, process, (channel) => this.#accept(channel));
    const { discover, invoke: invocation } = Deployment.method;
    serveRequests(network, process, address, discover, () => this.#discover());
    serveRequests(network, process, address, invocation, (bytes, signal) =>
      this.#invoke(bytes, signal),
    );
  }

  get discovered(): Discovered {
    const response = create(DiscoverResponseSchema, {
      minProtocolVersion: protocolVersions.min,
      maxProtocolVersion: protocolVersions.max,
      sdkVersion: "simulated",
      manifest: this.#endpoint.manifest,
      buildId: "simulated",
      protocolMode: ProtocolMode.SESSION,
    });
    return { response, useHttp11: false, protocolMode: ProtocolMode.SESSION };
  }

  // ---- Host

  attemptOf(invocationId: string): AttemptView {
    const attempt = this.#attempts.get(invocationId);
    if (attempt === undefined) throw new Error(`no attempt of ${invocationId} was started`);
    return attempt;
  }

  tell(fact: Fact): void {
    this.#world.tell(fact);
  }

  wants(want: Want): void {
    this.#world.wants(want);
  }

  execution(runId: string, step: string): number {
    return this.#world.execution(runId, step);
  }

  slow(ms: number): Promise<void> {
    return this.#world.scheduler.wait(ms * this.#world.slowness());
  }

  // ---- sessions

  #accept(channel: Channel): Omit<End, "process"> {
    const { services, logger, codec, callees, now } = this.#endpoint;
    const session = new EndpointSession({
      services,
      logger,
      codec,
      callees,
      now,
      instanceId: this.process.name,
      buildId: "simulated",
    });
    const number = ++this.#sessions;
    session.open({
      write: (frames) => {
        channel.send(encodeSessionResponse(frames).slice());
        return takesMore(this.#world, this.process, () => {
          session.drained();
        });
      },
      end: () => {
        channel.close();
      },
    });
    return {
      message: (bytes) => {
        if (bytes.length === 0) return channel.send(bytes);
        const frames = decodeSessionRequest(bytes);
        for (const frame of frames) this.#note(number, frame);
        session.receive(frames);
      },
      closed: (error) => {
        session.end(error);
      },
    };
  }

  // ---- requests

  async #discover(): Promise<Uint8Array> {
    this.#refuseWhenBusy();
    return Promise.resolve(toBinary(DiscoverResponseSchema, this.discovered.response));
  }

  async #invoke(bytes: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    this.#refuseWhenBusy();
    this.#world.requested();
    const request = fromBinary(InvokeRequestSchema, bytes);
    const number = ++this.#sessions;
    for (const frame of request.frames) this.#note(number, frame);
    const hello = helloOf({ instanceId: this.process.name, buildId: "simulated" });
    const response = await invoke(request, this.#endpoint, hello, signal);
    return toBinary(InvokeResponseSchema, response);
  }

  #refuseWhenBusy(): void {
    const { slowness, random } = this.#world;
    if (slowness() > 1 && random.chance(0.2)) throw new Error("busy");
  }

  #note(session: number, { frame, streamId, attempt, position }: ServerFrame): void {
    const stream = `${String(session)}/${String(streamId)}`;
    if (frame.case === "fragment") {
      const { data, last } = frame.value;
      const pieces = Buffer.concat([this.#pieces.get(stream) ?? Buffer.alloc(0), data]);
      this.#pieces.set(stream, last ? Buffer.alloc(0) : pieces);
      if (last) this.#note(session, decodeServerFrame(pieces));
      return;
    }
    if (frame.case === "start" && attempt !== undefined) {
      const { runId, invocationId, entries } = frame.value;
      const { epoch, counter } = attempt;
      const view: AttemptView = {
        runId,
        invocationId,
        address: this.#address,
        epoch,
        counter,
        startedAt: this.#world.startedAt(`${runId} ${String(epoch)}.${String(counter)}`),
        shown: new Map(entries.entries()),
        verified: 0,
        seen: new Map(),
      };
      this.#attempts.set(invocationId, view);
      this.#byStream.set(stream, view);
    }
    const view = this.#byStream.get(stream);
    if (view === undefined) return;
    if (frame.case === "startEntries") {
      for (const entry of frame.value.entries) view.shown.set(view.shown.size, entry);
    }
    // What is told before it is durable says so, and stays behind the gate.
    if (frame.case === "notify" && frame.value.entry !== undefined && position === 0n) {
      view.shown.set(frame.value.index, frame.value.entry);
    }
  }
}
