// Limits of a session's frames and messages.

/** A larger frame travels as fragments, where the other side understands them. */
export const frameBytesMax: number = 64 * 1024;

/** A message is closed when it has so much, or so many frames. */
export const messageBytesMax: number = 256 * 1024;
export const framesPerMessageMax = 500;

/**
 * The largest message that is taken. Far more than is sent: whoever does not know fragments sends a frame as large as its
 * content, several of them in one message.
 */
export const messageBytesTaken: number = 512 * 1024 * 1024;

/**
 * Bytes of fragments that may be under way for one attempt, each way, before the first Credit. Both sides have to know the
 * same number: it is part of the protocol.
 */
export const initialCreditBytes: number = 4 * frameBytesMax;

/** Bytes of frames that come in pieces, of all attempts of one session, that the receiver grants at the same time. */
export const assemblyBytesMax: number = 64 * 1024 * 1024;

/** Bytes of large frames that lie encoded on their way out, of all attempts of one session. */
export const encodedBytesMax: number = 64 * 1024 * 1024;
