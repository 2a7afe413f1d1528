// Service types as they are found in the code, whichever way they are written; not yet as plain data.

import type { ServiceKindName } from "@perdure/protocol/definitions";
import type { ts } from "ts-morph";
import type { HandlerKindName } from "../../model/services.js";
import type { StaticMember, StaticMembers } from "./static-values.js";

export type FunctionNode =
  ts.MethodDeclaration | ts.FunctionDeclaration | ts.FunctionExpression | ts.ArrowFunction;

/** A type that goes in or out. */
export interface Slot {
  readonly type: ts.Type;
  readonly typeNode: ts.TypeNode | undefined;
  /** Where it is written, or else where the handler is. */
  readonly node: ts.Node;
  /** Its type is written, or follows from what is: an `any` is meant. */
  readonly isWritten: boolean;
}

export interface InputSlot extends Slot {
  readonly name: string;
  readonly isOptional: boolean;
  readonly parameter?: ts.ParameterDeclaration;
}

/** What an interface says of its values: serdes, or schemas that become serdes. */
export interface InterfaceSerdes {
  readonly areSchemas: boolean;
  readonly input?: StaticMember | undefined;
  readonly output?: StaticMember | undefined;
}

export interface FoundHandler {
  readonly name: string;
  /** For complaints. */
  readonly node: ts.Node;
  /** The first of them that has JSDoc counts. */
  readonly docs: readonly ts.Node[];
  /** What the decorator or the maker says. */
  readonly given: HandlerKindName | undefined;
  /** The later win. */
  readonly options: readonly StaticMembers[];
  /** They win over those of the options. */
  readonly serdes?: InterfaceSerdes;
  readonly code: FunctionNode;
  readonly input: InputSlot | undefined;
  readonly output: Slot;
}

export interface FoundService {
  readonly name: string;
  readonly symbol: string;
  readonly kind: ServiceKindName;
  readonly node: ts.Node;
  readonly docs: readonly ts.Node[];
  /** The later win. */
  readonly options: readonly StaticMembers[];
  /** Those that could be read. */
  readonly handlers: readonly FoundHandler[];
  /** Of all of them; absent: that can't be read. */
  readonly handlerNames: readonly string[] | undefined;
}
