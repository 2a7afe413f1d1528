// What can go wrong in a command, and how every error of it is told: in one line, with its stable code,
// without a stack.

import { errorMessage } from "@perdure/protocol/error-message";

/** Stable codes of the command line's own errors (docs/errors.md). */
export const CliErrorCode = {
  usage: "PDR5201",
  adminNotReachable: "PDR5202",
  adminRefused: "PDR5203",
  notAnAdmin: "PDR5204",
  badAdminUrl: "PDR5205",
  startFailed: "PDR5206",
  serverStopped: "PDR5207",
  unexpected: "PDR5208",
  notAllSucceeded: "PDR5209",
  notJson: "PDR5210",
  noCodegen: "PDR5211",
  codegenSettings: "PDR5212",
  badManifest: "PDR5213",
} as const;
export type CliErrorCode = (typeof CliErrorCode)[keyof typeof CliErrorCode];

export class CliError extends Error {
  override readonly name = "CliError";
  /** One of the command line's, or the one that the server answered with. */
  readonly code: string;
  /** 2 where a command says 1 of something else. */
  readonly exitStatus: number;

  constructor(
    code: string,
    message: string,
    options: { readonly cause?: unknown; readonly exitStatus?: number } = {},
  ) {
    super(message, options);
    this.code = code;
    this.exitStatus = options.exitStatus ?? 1;
  }
}

/** `PDR5202: …`: what is told of an error. One without a code of its own gets `otherwise`. */
export function tellError(error: unknown, otherwise: CliErrorCode): string {
  const message = errorMessage(error);
  const code = codeOf(error) ?? otherwise;
  return message.startsWith(`${code}:`) ? message : `${code}: ${message}`;
}

/** The stable code that an error carries, if it has one. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && /^PDR\d{4}$/.test(code) ? code : undefined;
}
