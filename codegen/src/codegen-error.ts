// What keeps codegen from doing its work at all, as opposed to what it has to say of the user's code.

/** Its code is PDR63… or PDR64…, its message says what to do next. */
export class CodegenError extends Error {
  override readonly name = "CodegenError";
  readonly code: string;

  constructor(code: string, message: string, options?: { readonly cause: unknown }) {
    super(message, options);
    this.code = code;
  }
}
