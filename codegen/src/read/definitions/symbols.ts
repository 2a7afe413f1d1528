// Which of the SDK's things an expression is, whatever it was imported as.

import { ts } from "ts-morph";
import type { ReadContext } from "../read-context.js";
import { settled } from "./static-values.js";
import { unaliased } from "../unaliased.js";

/**
 * The name by which the SDK declares what the expression stands for: "service", "run", "createObjectSharedHandler" (also
 * for `handlers.object.shared`), "Serdes.json", "Interfaces.object"; undefined: it is nothing of the SDK's.
 */
export function sdkNameOf(context: ReadContext, expression: ts.Expression): string | undefined {
  const { checker } = context;
  const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
  if (!ts.isIdentifier(name)) return undefined;
  const symbol = unaliased(checker, checker.getSymbolAtLocation(name));
  const declaration = symbol?.declarations?.[0];
  if (symbol === undefined || declaration === undefined) return undefined;
  if (context.isSdk(declaration.getSourceFile()))
    return declaredNameOf(context, symbol, declaration);
  if (ts.isBindingElement(declaration)) return sdkNameBound(context, declaration);
  // A constant of the user's that stands for it.
  const value = settled(context, expression);
  return value === expression ? undefined : sdkNameOf(context, value);
}

/** Of `const { shared } = handlers.object`. */
function sdkNameBound(context: ReadContext, element: ts.BindingElement): string | undefined {
  const { initializer } = element.parent.parent;
  const name = element.propertyName ?? element.name;
  if (initializer === undefined || !ts.isIdentifier(name)) return undefined;
  const member = context.checker.getTypeAtLocation(initializer).getProperty(name.text);
  const declaration = member?.declarations?.[0];
  if (member === undefined || declaration === undefined) return undefined;
  return context.isSdk(declaration.getSourceFile())
    ? declaredNameOf(context, member, declaration)
    : undefined;
}

function declaredNameOf(
  { checker }: ReadContext,
  symbol: ts.Symbol,
  declaration: ts.Declaration,
): string {
  if (ts.isPropertySignature(declaration) && declaration.type !== undefined) {
    const { type } = declaration;
    const target = ts.isTypeQueryNode(type) && checker.getSymbolAtLocation(type.exprName);
    if (target !== false) return unaliased(checker, target)?.name ?? symbol.name;
  }
  const owner = declaration.parent;
  const isMember = ts.isInterfaceDeclaration(owner) || ts.isClassDeclaration(owner);
  return isMember && owner.name !== undefined ? `${owner.name.text}.${symbol.name}` : symbol.name;
}
