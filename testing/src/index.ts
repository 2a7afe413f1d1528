// Everything a test of durable code uses. The Vite plugin is an entry of its own: @perdure/testing/vitest.

export { TestingError, TestingErrorCode } from "./errors.js";
export type { ExportedJournal } from "./replay/journal-export.js";
export {
  replay,
  type ReplayMismatch,
  type ReplayOptions,
  type ReplayResult,
} from "./replay/replay.js";
export type { StateOf, StateShape } from "./state.js";
export {
  TestEnvironment,
  TestEnvironment as RestateTestEnvironment,
  type TestEnvironmentOptions,
} from "./test-environment.js";
export type { AdvanceOptions, TestTime } from "./test-time.js";
