// What the admin port is built of.

import type { Registrar } from "../registry/registrar.js";

export interface AdminParts {
  readonly registrar: Registrar;
  /** False until recovery is complete. */
  readonly ready: () => boolean;
  /** Where callers come in, as `GET /version` says it. */
  readonly ingressUrl: string;
}
