// Whatever goes wrong with a typed call, as the error that its caller gets.

import { ConnectError } from "@connectrpc/connect";
import { ingressErrors } from "../../http/error-codes.js";
import { HttpError } from "../../http/http-error.js";
import { TranscodeError } from "../../typed/transcode-error.js";
import { toHttpError } from "../failures.js";
import { connectErrorOf } from "../rpc-error.js";

/** @param during  what was asked for; logged with an error that nobody expected */
export function typedErrorOf(error: unknown, during: string): ConnectError {
  if (error instanceof ConnectError) return error;
  if (!(error instanceof TranscodeError)) {
    const known = toHttpError(error, during);
    const told = connectErrorOf(known);
    if (known.code === ingressErrors.badCompression.code) {
      // What is understood, as Connect and gRPC say it.
      told.metadata.set("accept-encoding", "gzip");
      told.metadata.set("grpc-accept-encoding", "gzip");
    }
    return told;
  }
  const kind = error.code === "PDR3032" ? ingressErrors.badMessageValue : ingressErrors.badOutput;
  return connectErrorOf(new HttpError(kind, error.message, { cause: error }));
}
