// Which functions are read in the place of their call, and what their parameters stand for there.

import { ts } from "ts-morph";
import { isCode, isFunctionValue, type Code } from "./callees.js";
import { unwrapped, type SdkTypes } from "./sdk-types.js";

/** Functions that are given something to ask durable operations of, and those that see the context around them. */
export function isFollowed(
  sdk: SdkTypes,
  call: ts.CallExpression | ts.NewExpression,
  code: Code,
): boolean {
  if (isNested(code)) return true;
  return (call.arguments ?? []).some((argument) => {
    const inner = unwrapped(argument);
    if (ts.isLiteralExpression(inner) || isFunctionValue(inner)) return false;
    if (ts.isObjectLiteralExpression(inner)) return holdsHandle(sdk, inner);
    return sdk.isHandle(sdk.checker.getTypeAtLocation(inner));
  });
}

function holdsHandle(sdk: SdkTypes, { properties }: ts.ObjectLiteralExpression): boolean {
  return properties.some((property) => {
    if (ts.isShorthandPropertyAssignment(property)) {
      return sdk.isHandle(sdk.checker.getTypeAtLocation(property.name));
    }
    if (!ts.isPropertyAssignment(property)) return false;
    return sdk.isHandle(sdk.checker.getTypeAtLocation(property.initializer));
  });
}

export function bind(
  { checker }: SdkTypes,
  name: ts.Identifier,
  value: ts.Expression,
  bindings: Map<ts.Symbol, ts.Expression>,
): void {
  const symbol = checker.getSymbolAtLocation(name);
  if (symbol !== undefined) bindings.set(symbol, value);
}

/** `({ ctx, name }) => …`, called with an object that is written there. */
export function bindMembers(
  sdk: SdkTypes,
  { elements }: ts.ObjectBindingPattern,
  argument: ts.Expression,
  bindings: Map<ts.Symbol, ts.Expression>,
): void {
  const object = unwrapped(argument);
  if (!ts.isObjectLiteralExpression(object)) return;
  for (const { name, propertyName } of elements) {
    if (!ts.isIdentifier(name)) continue;
    const member = (propertyName ?? name).getText();
    const given = object.properties.find((property) => property.name?.getText() === member);
    if (given === undefined) continue;
    if (ts.isPropertyAssignment(given)) bind(sdk, name, given.initializer, bindings);
    if (ts.isShorthandPropertyAssignment(given)) bind(sdk, name, given.name, bindings);
  }
}

export function isWrapping(node: ts.Node): boolean {
  return (
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isSatisfiesExpression(node)
  );
}

/** Whether a function stands inside of another. */
export function isNested(code: Code): boolean {
  for (let node: ts.Node = code.parent; !ts.isSourceFile(node); node = node.parent) {
    if (ts.isClassLike(node)) return false;
    if (isCode(node)) return true;
  }
  return false;
}

export function constructorOf(declared: ts.ClassLikeDeclaration): Code | undefined {
  return declared.members.find(
    (member): member is ts.ConstructorDeclaration & Code =>
      ts.isConstructorDeclaration(member) && member.body !== undefined,
  );
}
