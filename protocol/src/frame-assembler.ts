// Frames that come in pieces, put together again, for one side of a session.
//   A1. What is kept is bounded: a frame by `frameBytesMax`, all together by what was granted: `poolBytes`, a first
//       credit for each attempt, and the oldest frame whole, so that one always comes to its end.
//   A2. Pieces are copied once, when the last has come; small ones when they come, so that what is kept is little more
//       than the bytes that are counted.
//   A3. Who does not know credits is granted nothing and sends as it likes; the bounds of frames hold all the same.

import {
  assemblyBytesMax,
  frameBytesMax as fragmentBytes,
  initialCreditBytes,
} from "./frame-limits.js";
import { GrpcFramingError, joinBytes } from "./grpc-framing.js";

export interface AssemblerOptions {
  /** The largest frame that is taken. */
  readonly frameBytesMax: number;
  /** Tells the other side that it may send more for an attempt. */
  readonly grant: (streamId: number, bytes: number) => void;
  /** Default: `assemblyBytesMax`. */
  readonly poolBytes?: number;
}

/** Below it, a piece is copied to those before it: a view of each would be larger than what it shows. */
const smallPieceBytes = 1024;
const smallPiecesBytes = 16 * 1024;

interface Account {
  pieces: Uint8Array[];
  /** Where small pieces are copied to; from `from` to `used` they are not in `pieces` yet. */
  small: { readonly bytes: Uint8Array; from: number; used: number } | undefined;
  bytes: number;
  /** Received and not granted again. */
  owed: number;
  /** Nobody listens any more: the rest of the frame is dropped. */
  refused: boolean;
}

/** What came of a piece. */
export type Assembled =
  | { readonly kind: "frame"; readonly bytes: Uint8Array }
  | { readonly kind: "tooLarge"; readonly bytes: number }
  | undefined;

export class FrameAssembler {
  readonly #options: AssemblerOptions;
  readonly #poolBytes: number;
  /** Attempts that have sent fragments. Those in whose frame we are: in the order in which it began. */
  readonly #accounts = new Map<number, Account>();
  #bytes = 0;
  #limited = false;

  constructor(options: AssemblerOptions) {
    this.#options = options;
    this.#poolBytes = options.poolBytes ?? assemblyBytesMax;
  }

  /** Whether the other side keeps to its credit. */
  limit(limited: boolean): void {
    this.#limited = limited;
  }

  /** Bytes of pieces of frames that are not whole. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @throws GrpcFramingError  the other side has sent more than it was granted */
  take(streamId: number, data: Uint8Array, last: boolean): Assembled {
    const account = this.#accountOf(streamId);
    if (account.refused) {
      if (last) this.#accounts.delete(streamId);
      return undefined;
    }
    account.owed += data.length;
    if (this.#limited && account.owed > initialCreditBytes) {
      throw new GrpcFramingError("an attempt's fragments are more than it was granted");
    }
    addPiece(account, data);
    account.bytes += data.length;
    this.#bytes += data.length;
    if (account.bytes > this.#options.frameBytesMax) {
      const { bytes } = account;
      if (last) this.#accounts.delete(streamId);
      this.#refuse(account);
      return { kind: "tooLarge", bytes };
    }
    if (!last) {
      if (account.owed >= fragmentBytes && this.#mayGrant(streamId)) this.#grant(streamId, account);
      return undefined;
    }
    addSmallPieces(account);
    const { pieces } = account;
    this.#empty(account);
    // The next frame of this attempt is the youngest.
    this.#accounts.delete(streamId);
    this.#accounts.set(streamId, account);
    this.#grant(streamId, account);
    this.#grantOthers();
    return { kind: "frame", bytes: joinBytes(pieces) };
  }

  /** The attempt is over here, and the other side may not know it yet: what else comes of its frame is dropped. */
  refuse(streamId: number): void {
    const account = this.#accounts.get(streamId);
    if (account === undefined || account.refused) return;
    if (account.bytes === 0) this.#accounts.delete(streamId);
    else this.#refuse(account);
  }

  /** The attempt is over on both sides. */
  forget(streamId: number): void {
    const account = this.#accounts.get(streamId);
    if (account === undefined) return;
    this.#empty(account);
    this.#accounts.delete(streamId);
    this.#grantOthers();
  }

  #accountOf(streamId: number): Account {
    let account = this.#accounts.get(streamId);
    if (account === undefined) {
      account = { pieces: [], small: undefined, bytes: 0, owed: 0, refused: false };
      this.#accounts.set(streamId, account);
    }
    return account;
  }

  #refuse(account: Account): void {
    this.#empty(account);
    account.refused = true;
    this.#grantOthers();
  }

  #empty(account: Account): void {
    this.#bytes -= account.bytes;
    account.bytes = 0;
    account.pieces = [];
    account.small = undefined;
  }

  /** While there is room in the pool, or for the oldest frame. */
  #mayGrant(streamId: number): boolean {
    if (this.#bytes <= this.#poolBytes) return true;
    for (const [id, { bytes }] of this.#accounts) if (bytes > 0) return id === streamId;
    return true;
  }

  /** There is more room: those that wait for credit go on, the oldest first. */
  #grantOthers(): void {
    if (!this.#limited) return;
    for (const [streamId, account] of this.#accounts) {
      if (account.bytes === 0 || account.owed < fragmentBytes) continue;
      if (!this.#mayGrant(streamId)) return;
      this.#grant(streamId, account);
    }
  }

  #grant(streamId: number, account: Account): void {
    const { owed } = account;
    account.owed = 0;
    if (this.#limited && owed > 0) this.#options.grant(streamId, owed);
  }
}

function addPiece(account: Account, data: Uint8Array): void {
  if (data.length >= smallPieceBytes) {
    addSmallPieces(account);
    account.pieces.push(data);
    return;
  }
  if (account.small === undefined || account.small.used + data.length > smallPiecesBytes) {
    addSmallPieces(account);
    account.small = { bytes: new Uint8Array(smallPiecesBytes), from: 0, used: 0 };
  }
  account.small.bytes.set(data, account.small.used);
  account.small.used += data.length;
}

function addSmallPieces({ pieces, small }: Account): void {
  if (small === undefined || small.used === small.from) return;
  pieces.push(small.bytes.subarray(small.from, small.used));
  small.from = small.used;
}
