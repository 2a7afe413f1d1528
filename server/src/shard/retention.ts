// How long a result and a journal are kept: from the options of handler and service, else the defaults.

import { HandlerKind, type Handler, type Service } from "@perdure/proto/manifest/v1/manifest";

const dayMs = 24 * 60 * 60 * 1_000;

export interface RetentionDefaults {
  readonly journalMs: number;
  readonly idempotencyMs: number;
  readonly workflowMs: number;
  /** The most that services may ask for; absent or Infinity: anything. */
  readonly journalMaxMs?: number;
  readonly idempotencyMaxMs?: number;
  readonly workflowMaxMs?: number;
}

export const defaultRetention: RetentionDefaults = {
  journalMs: dayMs,
  idempotencyMs: dayMs,
  workflowMs: dayMs,
};

export interface Retention {
  readonly completionRetention: number;
  readonly journalRetention: number;
}

export function retentionOf(
  service: Service,
  handler: Handler,
  idempotent: boolean,
  defaults: RetentionDefaults = defaultRetention,
): Retention {
  const journal = ms(
    handler.options?.journalRetentionMs ?? service.options?.journalRetentionMs,
    defaults.journalMs,
    defaults.journalMaxMs,
  );
  if (handler.kind !== HandlerKind.RUN && !idempotent) {
    return { completionRetention: journal, journalRetention: journal };
  }
  const completionRetention =
    handler.kind === HandlerKind.RUN
      ? ms(
          handler.options?.workflowRetentionMs ?? service.options?.workflowRetentionMs,
          defaults.workflowMs,
          defaults.workflowMaxMs,
        )
      : ms(
          handler.options?.idempotencyRetentionMs ?? service.options?.idempotencyRetentionMs,
          defaults.idempotencyMs,
          defaults.idempotencyMaxMs,
        );
  return { completionRetention, journalRetention: Math.min(journal, completionRetention) };
}

function ms(value: bigint | undefined, otherwise: number, max = Infinity): number {
  return Math.min(max, value === undefined ? otherwise : Number(value));
}
