// Which code asks a context for something.

import { ts } from "ts-morph";
import type { Code } from "../steps/callees.js";
import type { SdkTypes } from "../steps/sdk-types.js";

/** An operation of a context, or an await of what one gave before ("await"). */
export interface DurableUse {
  readonly operation: string;
  readonly node: ts.CallExpression | ts.AwaitExpression;
}

/** The operations in a piece of code. What steps do inside is none. */
export function operationsIn(node: ts.Node, sdk: SdkTypes): readonly DurableUse[] {
  const found: DurableUse[] = [];
  const visit = (each: ts.Node): void => {
    if (ts.isTypeNode(each) || ts.isFunctionDeclaration(each) || ts.isClassLike(each)) return;
    if (ts.isCallExpression(each)) {
      const operation = sdk.operationOf(each);
      if (operation !== undefined) found.push({ operation: operation.operation, node: each });
      if (operation?.operation === "run") return;
    }
    if (ts.isAwaitExpression(each)) {
      const { expression } = each;
      // A workflow's promise in a constant.
      if (ts.isIdentifier(expression) && sdk.isDurable(sdk.checker.getTypeAtLocation(expression))) {
        found.push({ operation: "await", node: each });
      }
    }
    ts.forEachChild(each, visit);
  };
  visit(node);
  return found;
}

const known = new WeakMap<SdkTypes, Map<Code, boolean>>();

/** Whether a function asks a context for anything, or hands one on. */
export function asksContext(code: Code, sdk: SdkTypes): boolean {
  const answers = known.get(sdk) ?? new Map<Code, boolean>();
  known.set(sdk, answers);
  let asks = answers.get(code);
  if (asks === undefined) {
    asks = operationsIn(code.body, sdk).length > 0 || handsOn(code.body, sdk);
    answers.set(code, asks);
  }
  return asks;
}

/** Whether a context is an argument of a call in here. */
export function handsOn(node: ts.Node, sdk: SdkTypes): boolean {
  if (ts.isTypeNode(node)) return false;
  if (ts.isCallExpression(node)) {
    for (const argument of node.arguments) {
      if (!ts.isIdentifier(argument)) continue;
      if (sdk.isContext(sdk.checker.getTypeAtLocation(argument))) return true;
    }
  }
  return ts.forEachChild(node, (child) => handsOn(child, sdk) || undefined) ?? false;
}
