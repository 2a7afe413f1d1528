// The errors of the event log that a person can meet, each with its stable code (docs/errors.md).
// A refusal to open leaves every file as it was.

import { errorMessage } from "@perdure/protocol/error-message";

/** Stable codes of the event log. */
export const LogErrorCode = {
  damaged: "PDR1101",
  segmentMissing: "PDR1102",
  formatTooNew: "PDR1103",
  writeFailed: "PDR1104",
  diskFull: "PDR1105",
  positionsBroken: "PDR1106",
  behindTables: "PDR1107",
  notAccessible: "PDR1108",
  closed: "PDR1109",
  tooManyFiles: "PDR1110",
} as const;
export type LogErrorCode = (typeof LogErrorCode)[keyof typeof LogErrorCode];

/** Codes of what opening refuses because records that were durable can't be read. */
export type LogDamageCode =
  | typeof LogErrorCode.damaged
  | typeof LogErrorCode.segmentMissing
  | typeof LogErrorCode.positionsBroken
  | typeof LogErrorCode.behindTables;

/** Opening refuses: records that were once durable are not there or not intact. */
export class LogDamaged extends Error {
  override readonly name = "LogDamaged";
  readonly code: LogDamageCode;
  /** The first position that can't be read. */
  readonly position: number;

  constructor(code: LogDamageCode, path: string, what: string, position: number) {
    super(
      `the event log in ${path} can't be opened: ${what}. Records from position ${position} on were stored ` +
        `safely once and can't be read now. Nothing was changed. Restore the whole data directory ` +
        `from a copy, or give those records up as docs/errors.md describes under ${code}`,
    );
    this.code = code;
    this.position = position;
  }
}

/** Opening refuses: a newer release wrote this log. */
export class LogFormatTooNew extends Error {
  override readonly name = "LogFormatTooNew";
  readonly code: typeof LogErrorCode.formatTooNew = LogErrorCode.formatTooNew;

  constructor(path: string, found: number, known: number) {
    super(
      `the event log can't be opened: ${path} has format version ${found}, this release knows ` +
        `versions up to ${known}. Nothing was changed. Start the newer release that wrote it`,
    );
  }
}

/** A write or a sync failed: what is durable is unknown until the log is opened again. */
export class LogFailure extends Error {
  override readonly name = "LogFailure";
  readonly code: typeof LogErrorCode.writeFailed = LogErrorCode.writeFailed;

  constructor(path: string, cause: unknown) {
    super(
      `writing the event log in ${path} failed: ${errorMessage(cause)}. Nothing more is written. ` +
        `Look after the disk, then start the server again; it recovers everything it has acknowledged`,
      { cause },
    );
  }
}

/** There is no room for the batch, or for its segment; it was not written and may be tried again. */
export class DiskFull extends Error {
  override readonly name = "DiskFull";
  readonly code: typeof LogErrorCode.diskFull = LogErrorCode.diskFull;

  constructor(path: string, neededBytes: number, cause: unknown) {
    super(
      `the disk that holds the event log in ${path} has no room for ${neededBytes} bytes ` +
        `more. New work is refused, nothing is lost; work goes on when there is room`,
      { cause },
    );
  }
}

/** The directory of the log or a file in it can't be read or made. */
export class LogNotAccessible extends Error {
  override readonly name = "LogNotAccessible";
  readonly code: typeof LogErrorCode.notAccessible = LogErrorCode.notAccessible;

  constructor(path: string, cause: unknown) {
    super(
      `the event log in ${path} can't be opened: ${errorMessage(cause)}. Check that the directory ` +
        `exists, belongs to the user that runs the server, and that its disk is healthy`,
      { cause },
    );
  }
}

/** The log was closed before this call. */
export class LogClosed extends Error {
  override readonly name = "LogClosed";
  readonly code: typeof LogErrorCode.closed = LogErrorCode.closed;

  constructor(path: string) {
    super(
      `the event log in ${path} is closed: the server is stopping. Send the request again later`,
    );
  }
}

/** The next segment can't be opened; the batch was not written and may be tried again. */
export class TooManyFiles extends Error {
  override readonly name = "TooManyFiles";
  readonly code: typeof LogErrorCode.tooManyFiles = LogErrorCode.tooManyFiles;

  constructor(path: string, cause: unknown) {
    super(
      `the event log in ${path} can't open its next segment: ${errorMessage(cause)}. New work is refused, ` +
        `nothing is lost; work goes on when there are fewer open files and connections. Raise the ` +
        `limit of open files (ulimit -n)`,
      { cause },
    );
  }
}

/** The batch was not written and nothing is broken: it is to be tried again when something has become free. */
export type AppendPostponed = DiskFull | TooManyFiles;

export function isPostponed(error: unknown): error is AppendPostponed {
  return error instanceof DiskFull || error instanceof TooManyFiles;
}

/** What a failed call of the operating system means to an append that has changed nothing; undefined where it is final. */
export function postponedBy(
  error: unknown,
  path: string,
  neededBytes: number,
): AppendPostponed | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new DiskFull(path, neededBytes, error);
    case "EMFILE":
    case "ENFILE":
      return new TooManyFiles(path, error);
    default:
      return undefined;
  }
}
