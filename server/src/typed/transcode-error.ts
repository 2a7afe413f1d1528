// Why a value can't be told in the other form. The caller maps it to the codes of its protocol.

/** A request that is not what its type says (PDR3032), or a handler's output that is not (PDR3033). */
export class TranscodeError extends Error {
  override readonly name = "TranscodeError";
  readonly code: "PDR3032" | "PDR3033";
  /** Where in the message, as the handler would name it: "input.user.emails[2]". Empty: the message as a whole. */
  readonly path: string;

  constructor(code: "PDR3032" | "PDR3033", path: string, message: string) {
    super(message);
    this.code = code;
    this.path = path;
  }
}

/** The same from inside, before it is known where it happened. */
export class Misfit extends Error {
  override readonly name = "Misfit";
}
