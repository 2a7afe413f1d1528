// Limits of a session's frames and messages.

/** A larger frame travels as fragments, where the other side understands them. */
export const frameBytesMax: number = 64 * 1024;

/** A message is closed when it has so much, or so many frames. */
export const messageBytesMax: number = 256 * 1024;
export const framesPerMessageMax = 500;

/**
 * The largest message that is taken from whoever knows fragments, and before it has said so. More than is sent, since
 * messages are measured roughly (text by its characters), and far less than would be a burden.
 */
export const messageBytesTaken: number = 16 * messageBytesMax;

/**
 * The largest message that is taken from whoever does not know fragments: a frame is as large as its content, and several
 * come in one message.
 */
export const wholeMessageBytesTaken: number = 512 * 1024 * 1024;

/**
 * Bytes of fragments that may be under way for one attempt, each way, before the first Credit. Both sides have to know the
 * same number: it is part of the protocol.
 */
export const initialCreditBytes: number = 4 * frameBytesMax;

/** Bytes of frames that come in pieces, of all attempts of one session, that the receiver grants at the same time. */
export const assemblyBytesMax: number = 64 * 1024 * 1024;

/** Bytes of large frames that lie encoded on their way out, of all attempts of one session. */
export const encodedBytesMax: number = 64 * 1024 * 1024;
