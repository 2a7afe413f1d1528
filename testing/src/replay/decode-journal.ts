// The values of a journal, through the codec of the endpoint that wrote them.

import type { Value } from "@perdure/proto/protocol/v1/journal";
import { valueOf } from "@perdure/protocol/messages";
import { readableBytes, withValue, type EndpointOptions } from "@perdure/sdk/replay-kit";
import { badJournal, type RecordedJournal } from "./journal-export.js";

type CodecProvider = NonNullable<EndpointOptions["journalValueCodecProvider"]>;
type Codec = Awaited<ReturnType<CodecProvider>>;

/** @throws TestingError  PDR5405: a value can't be decoded */
export async function decodeJournal(
  journal: RecordedJournal,
  codec: { get(): Promise<Codec> },
): Promise<RecordedJournal> {
  const copies: Value[] = [];
  const copied = (value: Value): Value => {
    const copy = valueOf(readableBytes(value));
    copies.push(copy);
    return copy;
  };
  const entries = journal.entries.map((entry) => withValue(entry, copied));
  try {
    const made = await codec.get();
    await Promise.all(
      copies.map(async (copy) => {
        copy.content = { case: "inline", value: await made.decode(readableBytes(copy)) };
      }),
    );
  } catch (error) {
    throw badJournal(`the journal value codec can't decode it (${String(error)})`, error);
  }
  return { ...journal, entries };
}
