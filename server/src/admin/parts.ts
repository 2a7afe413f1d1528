// What the admin port is built of.

import type { Registrar } from "../registry/registrar.js";
import type { Operators } from "../shard/operators.js";
import type { Redaction } from "./redaction.js";
import type { OptionDefaults } from "./service-metadata.js";

export interface AdminParts {
  readonly registrar: Registrar;
  readonly operators: Operators;
  /** False until recovery is complete. */
  readonly ready: () => boolean;
  /** Where callers come in, as `GET /version` says it. */
  readonly ingressUrl: string;
  /** What services are said to have where their manifest says nothing. */
  readonly defaults: OptionDefaults;
  /** What of headers is shown. */
  readonly redaction: Redaction;
  /** Names by which the port may be called, besides addresses and such that are no public names; `*` for any. */
  readonly hosts: readonly string[];
  /** Requests served at the same time; 0: no limit. */
  readonly requestsMax: number;
}
