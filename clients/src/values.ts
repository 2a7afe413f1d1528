// Values of callers as the bytes that travel, and back: by a serde, then through the connection's codec.
// Which serde: what the request says, else what the definition declares, else the connection's own, else JSON.

import { errorMessage } from "@perdure/protocol/error-message";
import { ClientError, ClientErrorCode } from "./errors.js";
import { jsonSerde, type JournalValueCodec, type Serde } from "./serde.js";
import type { IngressAnswer, IngressRequest } from "./transport.js";

export interface Values {
  /**
   * @param what  the request in words, for messages
   * @throws ClientError  PDR5303: the value can't be serialised
   */
  write(
    what: string,
    value: unknown,
    serdes: readonly MaybeSerde[],
  ): Pick<IngressRequest, "body" | "contentType">;
  /** @throws ClientError  PDR5302: the bytes are not what the serde reads */
  read(what: string, answer: IngressAnswer, serdes: readonly MaybeSerde[]): Promise<unknown>;
}

/** Candidates are tried in order; the first that is there is used. */
export type MaybeSerde = Serde<unknown> | undefined;

/** For bytes that nobody said a type of: a body without one is refused. */
const untyped = "application/octet-stream";

/** @param common  the connection's own serde */
export function createValues(common: MaybeSerde, codec: JournalValueCodec | undefined): Values {
  const choose = (serdes: readonly MaybeSerde[]): Serde<unknown> =>
    serdes.find((candidate) => candidate !== undefined) ?? common ?? jsonSerde;

  return {
    write(what, value, serdes) {
      try {
        const chosen = choose(serdes);
        const { contentType } = chosen;
        // Serdes that pass bytes on pass on that there are none.
        const bytes = (chosen.serialize(value) as Uint8Array | undefined) ?? new Uint8Array();
        const body = codec === undefined ? bytes : codec.encode(bytes);
        if (body.byteLength > 0) return { body, contentType: contentType ?? untyped };
        // No input is neither a body nor a content type: a handler without input takes only that.
        return value === undefined || contentType === undefined ? {} : { body, contentType };
      } catch (cause) {
        throw new ClientError(
          ClientErrorCode.badArgument,
          `${what}: the input can't be serialised: ${errorMessage(cause)}`,
          { cause },
        );
      }
    },

    async read(what, answer, serdes) {
      try {
        const bytes = codec === undefined ? answer.bytes : await codec.decode(answer.bytes);
        return choose(serdes).deserialize(bytes);
      } catch (cause) {
        const type = answer.contentType ?? "no content-type";
        throw badAnswer(what, `it can't be read (${type}): ${errorMessage(cause)}`, cause);
      }
    },
  };
}

export function badAnswer(what: string, why: string, cause?: unknown): ClientError {
  const message = `${what}: the answer is not one of an ingress: ${why}`;
  return new ClientError(ClientErrorCode.badAnswer, message, { cause });
}
