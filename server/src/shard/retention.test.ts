import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  HandlerKind,
  HandlerSchema,
  ServiceSchema,
  type OptionsSchema,
} from "@perdure/proto/manifest/v1/manifest";
import { retentionOf, type Retention } from "./retention.js";

const defaults = { journalMs: 1_000, idempotencyMs: 2_000, workflowMs: 3_000 };
type Options = MessageInitShape<typeof OptionsSchema>;

function retention(
  kind: HandlerKind,
  of: { service?: Options; handler?: Options; idempotent?: boolean } = {},
): Retention {
  const { service = {}, handler = {}, idempotent = false } = of;
  return retentionOf(
    create(ServiceSchema, { options: service }),
    create(HandlerSchema, { kind, options: handler }),
    idempotent,
    defaults,
  );
}

const kept = (completionRetention: number, journalRetention: number): Retention => ({
  completionRetention,
  journalRetention,
});

describe("a result", () => {
  test("is kept as long as its journal where nothing names it", () => {
    expect(retention(HandlerKind.SHARED)).toEqual(kept(1_000, 1_000));
    expect(retention(HandlerKind.EXCLUSIVE, { handler: { journalRetentionMs: 0n } })).toEqual(
      kept(0, 0),
    );
  });

  test("of an idempotent call is kept as its option says, its journal no longer than that", () => {
    expect(retention(HandlerKind.SHARED, { idempotent: true })).toEqual(kept(2_000, 1_000));
    expect(
      retention(HandlerKind.SHARED, { idempotent: true, handler: { idempotencyRetentionMs: 5n } }),
    ).toEqual(kept(5, 5));
  });

  test("of a workflow's run is kept as its option says", () => {
    expect(retention(HandlerKind.RUN)).toEqual(kept(3_000, 1_000));
    expect(
      retention(HandlerKind.RUN, {
        service: { workflowRetentionMs: 9_000n, journalRetentionMs: 0n },
      }),
    ).toEqual(kept(9_000, 0));
  });

  test("is kept as the handler says, else the service, else the server", () => {
    const service = { journalRetentionMs: 20n };

    expect(retention(HandlerKind.SHARED, { service })).toEqual(kept(20, 20));
    expect(
      retention(HandlerKind.SHARED, { service, handler: { journalRetentionMs: 30n } }),
    ).toEqual(kept(30, 30));
  });
});
