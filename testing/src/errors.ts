// What the testing kit itself has to say, each with a stable code: docs/errors.md has them all.

export const TestingErrorCode = {
  /** The server would not take the services. */
  notRegistered: "PDR5401",
  /** The environment was stopped before, or while it was asked. */
  stopped: "PDR5402",
  /** An argument that can't be used. */
  badArgument: "PDR5403",
  /** The embedded server had to stop itself. */
  serverFailed: "PDR5404",
  /** A journal that can't be read, or not by this code. */
  badJournal: "PDR5405",
  /** The replayed code waits for something that is not durable. */
  replayHangs: "PDR5406",
} as const;

export type TestingErrorCode = (typeof TestingErrorCode)[keyof typeof TestingErrorCode];

/** The testing kit can't do what it was asked for. */
export class TestingError extends Error {
  override readonly name = "TestingError";
  readonly code: TestingErrorCode;

  constructor(code: TestingErrorCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
    this.code = code;
  }
}
