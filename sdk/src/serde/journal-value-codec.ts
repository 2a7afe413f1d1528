// A codec of everything that is written into journals: encryption, compression.

/**
 * Wraps values on their way into the journal and back: inputs and outputs, parameters and results of calls, results of
 * steps, state, awakeables, signals, durable promises. Failures and names stay readable. Must take empty values too.
 */
export interface JournalValueCodec {
  /** After a value was serialised. */
  encode(bytes: Uint8Array): Uint8Array;
  /** Before it is deserialised. */
  decode(bytes: Uint8Array): Promise<Uint8Array>;
}

/** Makes the codec; called once, when the first attempt wants it, and again if that failed. */
export type JournalValueCodecProvider = () => Promise<JournalValueCodec> | JournalValueCodec;
