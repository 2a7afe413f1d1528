// Frames that come in pieces, put together again, for one side of a session.
//   A1. What is kept is bounded: a frame by `frameBytesMax`, all together by what was granted: `poolBytes`, a first
//       credit for each attempt, and the oldest frame whole, so that one always comes to its end.
//   A2. Pieces are copied once: those of a large frame as they come, into memory for as much as it says that it will be
//       (not all at the end, which would hold up everybody else); those of a smaller one when the last has come.
//       Small pieces are copied together, so that what is kept is little more than the bytes that are counted.
//   A3. Who does not know credits is granted nothing and sends as it likes; the bounds of frames hold all the same.

import { copyBytes, joinBytes } from "./bytes.js";
import {
  assemblyBytesMax,
  frameBytesMax as fragmentBytes,
  initialCreditBytes,
} from "./frame-limits.js";
import { frameLength } from "./frame-length.js";
import { GrpcFramingError } from "./grpc-framing.js";

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
/** Of a frame, before memory for all of it is set aside: what it says alone costs none. */
const wholeBytesMin = 4 * fragmentBytes;
/** A frame's last fields, behind its large one. */
const lengthSlack = 64;

interface Account {
  pieces: Uint8Array[];
  /** Where small pieces are copied to; from `from` to `used` they are not in `pieces` yet. */
  small: { readonly bytes: Uint8Array; from: number; used: number } | undefined;
  bytes: number;
  /** Where pieces are copied to, with its first `bytes` in use; `pieces` is empty then. */
  whole: Uint8Array | undefined;
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
  /** Of all `whole`. */
  #reservedBytes = 0;
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
    this.#keep(account, data);
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
    if (account.whole === undefined) addSmallPieces(account);
    const { whole, pieces, bytes } = account;
    const frame = whole === undefined ? joinBytes(pieces) : whole.subarray(0, bytes);
    this.#empty(account);
    // The next frame of this attempt is the youngest.
    this.#accounts.delete(streamId);
    this.#accounts.set(streamId, account);
    this.#grant(streamId, account);
    this.#grantOthers();
    return { kind: "frame", bytes: frame };
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
      account = {
        pieces: [],
        small: undefined,
        bytes: 0,
        whole: undefined,
        owed: 0,
        refused: false,
      };
      this.#accounts.set(streamId, account);
    }
    return account;
  }

  #refuse(account: Account): void {
    this.#empty(account);
    account.refused = true;
    this.#grantOthers();
  }

  #keep(account: Account, data: Uint8Array): void {
    const { bytes } = account;
    account.bytes += data.length;
    this.#bytes += data.length;
    if (bytes < wholeBytesMin && account.bytes >= wholeBytesMin) this.#reserve(account);
    const { whole } = account;
    if (whole === undefined || account.bytes > whole.length) {
      if (whole !== undefined) account.pieces = [whole.subarray(0, bytes)];
      this.#letGo(account);
      addPiece(account, data);
    } else {
      whole.set(data, bytes);
    }
  }

  /** Memory for the whole frame, if there is room for it. */
  #reserve(account: Account): void {
    addSmallPieces(account);
    const [first] = account.pieces;
    const length = first === undefined ? undefined : frameLength(first);
    if (length === undefined || length > this.#options.frameBytesMax) return;
    if (this.#reservedBytes + length > this.#poolBytes) return;
    const whole = new Uint8Array(length + lengthSlack);
    copyBytes(account.pieces, whole);
    account.pieces = [];
    account.whole = whole;
    this.#reservedBytes += whole.length;
  }

  #letGo(account: Account): void {
    this.#reservedBytes -= account.whole?.length ?? 0;
    account.whole = undefined;
  }

  #empty(account: Account): void {
    this.#bytes -= account.bytes;
    account.bytes = 0;
    account.pieces = [];
    account.small = undefined;
    this.#letGo(account);
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
