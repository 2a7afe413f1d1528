// The way to one deployment: its sessions, opened when there is work and opened again, with back-off, when they broke.
// While there is none, work waits in the ready table: nothing else tries, and nothing counts as a failure.
//   L1. An address may be that of several instances: there is one session with each that was met. Who else is there is
//       found by opening one more, which is closed at once where it meets an instance that is known.
//   L2. An attempt is given to the instance that computes least. It is over when its session is; others are not.
//   L3. An instance that says that it shuts down gets nothing new, and is left when it has nothing any more.

import type { Deployment } from "@perdure/proto/storage/v1/records";
import type { DeploymentFrame, Hello, ServerFrame } from "@perdure/proto/protocol/v1/deployment";
import { errorMessage } from "@perdure/protocol/error-message";
import { intervalMs } from "@perdure/protocol/retry";
import { HeldSession } from "./held-session.js";
import { awayIntervals, lookIntervals, type Link, type LinkOptions } from "./link.js";
import { Session } from "./session.js";

/** Instances that are given work at the same time. */
const instancesMax = 16;

export class DeploymentLink implements Link {
  readonly requestResponse = false;
  #deployment: Deployment;
  readonly #options: LinkOptions;
  /** Those that are open, the one that was given work last at the end. */
  readonly #sessions = new Set<HeldSession>();
  readonly #byStream = new Map<number, HeldSession>();
  /** The one that is on its way. */
  #opening: Session | undefined;
  /** Tries in a row that met nobody who takes work, while there is nobody. */
  #failures = 0;
  /** Rounds of looking that found nobody new. */
  #looks = 0;
  /** Sessions of this round that met a known instance. */
  #duplicates = 0;
  /** For the next try, or the next look. */
  #timer: NodeJS.Timeout | undefined;
  /** A look is due, and waits until there is work. */
  #lookDue = false;
  #busySinceLook = false;
  #closed = false;

  constructor(deployment: Deployment, options: LinkOptions) {
    this.#deployment = deployment;
    this.#options = options;
  }

  get deployment(): Deployment {
    return this.#deployment;
  }

  /** It was registered anew: the next session is opened as it says. */
  update(deployment: Deployment): void {
    this.#deployment = deployment;
  }

  /** Whether attempts can be started on it now. */
  get open(): boolean {
    return this.#leastBusy() !== undefined;
  }

  get reachable(): boolean {
    return this.#serving > 0;
  }

  get gated(): boolean {
    for (const { session, draining } of this.#sessions) {
      if (!draining && !session.gated) return false;
    }
    return this.reachable;
  }

  durable(position: bigint): void {
    for (const held of this.#sessions) held.durable(position);
  }

  /** Opens a session unless there is one, or one is on its way. */
  ensure(): void {
    if (this.#closed || this.reachable) return;
    if (this.#opening === undefined && this.#timer === undefined) this.#openOne();
  }

  send(frame: ServerFrame): void {
    const { streamId } = frame;
    if (frame.frame.case === "start") return this.#start(frame);
    this.#byStream.get(streamId)?.send(frame);
  }

  forget(streamId: number): void {
    const held = this.#byStream.get(streamId);
    if (held === undefined) return;
    this.#byStream.delete(streamId);
    held.forget(streamId);
    this.#leaveIfDone(held);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#opening?.close();
    for (const { session } of this.#sessions) session.close();
  }

  /** Instances that take new work. */
  get #serving(): number {
    let count = 0;
    for (const { draining } of this.#sessions) if (!draining) count++;
    return count;
  }

  /** Of those that are alike the one that was given nothing for longest. */
  #leastBusy(): HeldSession | undefined {
    let found: HeldSession | undefined;
    for (const held of this.#sessions) {
      if (held.draining || held.full) continue;
      if (found === undefined || held.computing < found.computing) found = held;
    }
    return found;
  }

  #start(frame: ServerFrame): void {
    const held = this.#leastBusy();
    // Nobody starts what is not `open`.
    if (held === undefined) throw new Error("an attempt was started where there is no session");
    if (this.#sessions.size > 1) {
      this.#sessions.delete(held);
      this.#sessions.add(held);
    }
    this.#byStream.set(frame.streamId, held);
    held.send(frame);
    this.#busySinceLook = true;
    if (this.#lookDue) this.#openOne();
  }

  // ---- sessions that come

  #openOne(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#lookDue = false;
    if (this.#opening !== undefined || this.#closed) return;
    const { uri, additionalHeaders } = this.#deployment;
    const { signer, guard, frameBytesMax, openStream, listener } = this.#options;
    let held: HeldSession | undefined;
    const session = new Session({
      uri,
      headers: additionalHeaders,
      signer,
      guard,
      frameBytesMax,
      openStream,
      listener: {
        opened: (hello) => {
          held = this.#met(session, hello);
        },
        frames: (frames) => {
          if (held !== undefined) this.#heard(held, frames);
        },
        active: (streamIds) => {
          listener.active(this, streamIds);
        },
        tooLarge: (streamId, bytes) => {
          listener.tooLarge(this, streamId, bytes);
        },
        closed: (error) => {
          if (held !== undefined) this.#lost(held, error);
          else if (this.#opening === session) this.#notOpened(error);
        },
      },
    });
    this.#opening = session;
  }

  #met(session: Session, hello: Hello): HeldSession | undefined {
    this.#opening = undefined;
    if (this.#closed) return undefined;
    for (const { instanceId } of this.#sessions) {
      if (instanceId !== hello.instanceId) continue;
      session.close();
      this.#duplicate();
      return undefined;
    }
    const held = new HeldSession(session, hello);
    this.#sessions.add(held);
    const { log } = this.#options;
    const { uri } = this.#deployment;
    if (this.#failures > 0) log.info(`deployment ${uri} is reachable again`);
    const count = this.#serving;
    if (count > 1) log.info(`deployment ${uri} has ${String(count)} instances that take work`);
    this.#failures = 0;
    this.#looks = 0;
    this.#duplicates = 0;
    this.#options.listener.opened(this);
    this.#lookAgain();
    return held;
  }

  /** It met an instance that is known: either there are no others, or chance led it there. */
  #duplicate(): void {
    if (!this.reachable) return this.#away(new Error("the instance that answers is shutting down"));
    this.#duplicates++;
    if (this.#duplicates < this.#serving) this.#openOne();
    else this.#lookLater();
  }

  #notOpened(error: unknown): void {
    this.#opening = undefined;
    if (!this.reachable) return this.#away(error);
    const { uri } = this.#deployment;
    this.#options.log.debug(`no further session with deployment ${uri}: ${String(error)}`);
    this.#lookLater();
  }

  /** Who else is there, at once. */
  #lookAgain(): void {
    if (this.#serving < instancesMax) this.#openOne();
    else this.#lookLater();
  }

  #lookLater(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#closed) return;
    this.#duplicates = 0;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        if (this.#serving >= instancesMax) this.#lookLater();
        else if (this.#busySinceLook || this.#byStream.size > 0) this.#openOne();
        else this.#lookDue = true;
        this.#busySinceLook = false;
      },
      intervalMs(lookIntervals, ++this.#looks),
    );
  }

  // ---- what they say, and their end

  #heard(held: HeldSession, frames: readonly DeploymentFrame[]): void {
    const { listener } = this.#options;
    const drained = held.draining;
    listener.frames(this, held.heard(frames));
    if (!held.draining) return;
    // What only waits has nothing to lose.
    const { waiting } = held;
    if (waiting.length > 0) listener.leaving(this, waiting);
    if (drained || this.#closed) return;
    this.#leaveIfDone(held);
    // It may be one of several, or have a successor already.
    this.#looks = 0;
    if (this.#opening === undefined) this.#openOne();
  }

  #leaveIfDone(held: HeldSession): void {
    if (held.draining && held.isEmpty) held.session.close();
  }

  #lost(held: HeldSession, error: unknown): void {
    this.#sessions.delete(held);
    const { attempts } = held;
    for (const streamId of attempts) this.#byStream.delete(streamId);
    this.#options.listener.lost(this, attempts);
    if (this.#closed) return;
    if (this.reachable) {
      this.#looks = 0;
      if (this.#opening === undefined) this.#lookLater();
    } else if (this.#opening === undefined && this.#failures === 0) this.#away(error);
  }

  /** There is nobody: it is tried again, with back-off. */
  #away(error: unknown): void {
    if (this.#closed) return;
    this.#failures++;
    if (this.#failures === 1) {
      const reason = errorMessage(error);
      this.#options.log.warn(
        `lost the session with deployment ${this.#deployment.uri} (${reason}); its invocations wait and go on when it is back`,
      );
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#openOne();
      },
      intervalMs(awayIntervals, this.#failures),
    );
  }
}
