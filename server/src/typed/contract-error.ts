// Why the protobuf types of a deployment can't be served.

export type ContractErrorCode = "PDR4215" | "PDR4216" | "PDR4217";

/**
 * PDR4215: the descriptor set is of no use. PDR4216: it does not say what the manifest says. PDR4217: a name that
 * is another's.
 */
export class ContractError extends Error {
  override readonly name = "ContractError";
  readonly code: ContractErrorCode;

  constructor(code: ContractErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
