// What `internal` of the package has.

export type { ContextInternal } from "./context/context-internal.js";
export { isSuspendedError } from "./errors.js";
