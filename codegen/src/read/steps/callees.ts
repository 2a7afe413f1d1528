// Which code of the user a call leads to: through imports, constants, members and methods, as far as types say.

import { ts } from "ts-morph";
import { isUserFile, unwrapped, type SdkTypes } from "./sdk-types.js";

/** A function that has a body. */
export type Code = ts.FunctionLikeDeclaration & { readonly body: ts.ConciseBody };

export function isCode(node: ts.Node): node is Code {
  return ts.isFunctionLike(node) && "body" in node && node.body !== undefined;
}

/** Function expressions and arrow functions. */
export function isFunctionValue(node: ts.Node): node is ts.ArrowFunction | ts.FunctionExpression {
  return ts.isArrowFunction(node) || ts.isFunctionExpression(node);
}

/** The user's code of a function value: written here, or named. */
export function codeOf(sdk: SdkTypes, expression: ts.Expression): Code | undefined {
  const inner = unwrapped(expression);
  if (isFunctionValue(inner)) return inner;
  if (ts.isCallExpression(inner)) {
    // f.bind(this)
    const { expression: callee } = inner;
    if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== "bind") return undefined;
    return codeOf(sdk, callee.expression);
  }
  if (
    !ts.isIdentifier(inner) &&
    !ts.isPropertyAccessExpression(inner) &&
    !ts.isElementAccessExpression(inner)
  ) {
    return undefined;
  }
  return codeOfSymbol(sdk, sdk.symbolOf(inner), 0);
}

/** The user's code that a call runs. */
export function calleeOf(sdk: SdkTypes, call: ts.CallExpression): Code | undefined {
  const named = codeOf(sdk, call.expression);
  if (named !== undefined) return named;
  const declaration = sdk.checker.getResolvedSignature(call)?.declaration;
  if (declaration === undefined || !isCode(declaration)) return undefined;
  return isUserFile(declaration.getSourceFile()) ? declaration : undefined;
}

const deepest = 8;

function codeOfSymbol(
  sdk: SdkTypes,
  symbol: ts.Symbol | undefined,
  depth: number,
): Code | undefined {
  if (symbol === undefined || depth > deepest) return undefined;
  for (const declaration of symbol.declarations ?? []) {
    if (!isUserFile(declaration.getSourceFile())) continue;
    if (isCode(declaration)) return declaration;
    if (ts.isShorthandPropertyAssignment(declaration)) {
      const value = sdk.checker.getShorthandAssignmentValueSymbol(declaration);
      return codeOfSymbol(sdk, value, depth + 1);
    }
    if (!ts.isPropertyAssignment(declaration) && !ts.isPropertyDeclaration(declaration)) {
      if (!ts.isVariableDeclaration(declaration) || !isConstant(declaration)) continue;
    }
    const { initializer } = declaration;
    if (initializer === undefined) continue;
    const inner = unwrapped(initializer);
    if (isFunctionValue(inner)) return inner;
    if (!ts.isIdentifier(inner) && !ts.isPropertyAccessExpression(inner)) continue;
    return codeOfSymbol(sdk, sdk.symbolOf(inner), depth + 1);
  }
  return undefined;
}

export function isConstant(declaration: ts.VariableDeclaration): boolean {
  return (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0;
}

/** How people call a function: "helper", "Mailer.send", "a function". */
export function nameOfCode(code: ts.SignatureDeclaration | ts.ClassLikeDeclaration): string {
  const own = code.name;
  const { parent } = code;
  if (ts.isConstructorDeclaration(code)) return `new ${nameOfCode(code.parent)}`;
  if (own !== undefined) {
    const text = own.getText();
    return ts.isClassLike(parent) && parent.name !== undefined
      ? `${parent.name.text}.${text}`
      : text;
  }
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) {
    return parent.name.getText();
  }
  return "a function";
}
