// Every limit of the system, with its reason. Sizes in bytes, times in milliseconds.

/** A request body, a payload, a state value: what the field's systems take by default. */
export const payloadBytesMax: number = 32 * 1024 * 1024;

/** Text in keys of the store: with the key of the row it must fit LMDB's 1,978 bytes. */
export const keyBytesMax = 512;

/** Service and handler names. */
export const nameBytesMax = 256;

/** State that is sent along with Start; beyond it the SDK asks key by key. */
export const eagerStateBytesMax: number = 64 * 1024;

/** Entries of one journal: beyond it a replay takes too long to be of use. */
export const journalEntriesMax = 100_000;
