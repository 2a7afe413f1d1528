// What codegen has to say about the user's code. Errors stop the output; warnings do not.

import type { Place } from "./place.js";

export interface Diagnostic {
  /** PDR6…, listed in docs/errors.md. */
  readonly code: string;
  readonly severity: "error" | "warning";
  /** Absent: about the project as a whole. */
  readonly place?: Place;
  /** What is wrong, with what; a sentence without its full stop. */
  readonly message: string;
  /** What to do next; a sentence without its full stop. */
  readonly advice: string;
}
