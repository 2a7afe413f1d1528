// Where attempts get the journal value codec from: made once by the user's provider, when it is wanted first.

import { errorMessage } from "@perdure/protocol/error-message";
import type { JournalValueCodec, JournalValueCodecProvider } from "./journal-value-codec.js";

/** A value could not be written or read by the codec, or there is none. The attempt is tried again. */
export class CodecError extends Error {
  override readonly name = "CodecError";
  readonly code = "PDR2021";

  constructor(what: string, cause: unknown) {
    super(`the journal value codec ${what}: ${errorMessage(cause)} (PDR2021)`, { cause });
  }
}

export class CodecSource {
  readonly #provider: JournalValueCodecProvider;
  #codec: Promise<JournalValueCodec> | undefined;

  constructor(provider: JournalValueCodecProvider) {
    this.#provider = provider;
  }

  /** @throws CodecError  the provider failed; the next attempt asks it again */
  get(): Promise<JournalValueCodec> {
    this.#codec ??= this.#make();
    return this.#codec;
  }

  async #make(): Promise<JournalValueCodec> {
    try {
      return await this.#provider();
    } catch (error) {
      this.#codec = undefined;
      throw new CodecError("could not be made", error);
    }
  }
}
