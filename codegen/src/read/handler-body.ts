// The code of a handler, as the checks on its body and the reading of its steps take it.

import type {
  ArrowFunction,
  FunctionDeclaration,
  FunctionExpression,
  MethodDeclaration,
} from "ts-morph";
import type { HandlerKindName } from "../model/services.js";

export type HandlerFunctionNode =
  MethodDeclaration | FunctionDeclaration | FunctionExpression | ArrowFunction;

export interface HandlerBody {
  /** The name that the service is registered by. */
  readonly service: string;
  readonly handler: string;
  readonly kind: HandlerKindName;
  readonly node: HandlerFunctionNode;
}
