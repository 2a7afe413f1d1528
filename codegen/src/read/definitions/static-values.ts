// Values that can be read from the code without running it: literals, constants, and what is made of them.

import { ts } from "ts-morph";
import type { ReadContext } from "../read-context.js";
import { unaliased } from "../unaliased.js";

export type StaticValue = string | number | boolean | null | undefined;

/** What a member of an object is: an expression, or a method. */
export interface StaticMember {
  readonly value: ts.Expression | ts.MethodDeclaration | ts.FunctionDeclaration;
  /** The property, with its JSDoc. */
  readonly property: ts.ObjectLiteralElementLike;
}

export type StaticMembers = ReadonlyMap<string, StaticMember>;

export type Read<T> =
  | { readonly known: true; readonly value: T }
  /** Where it becomes unknown. */
  | { readonly known: false; readonly node: ts.Node };

function known<T>(value: T): Read<T> {
  return { known: true, value };
}

const depthMax = 50;

/** The expression behind parentheses, casts and constants, in other files too. */
export function settled(context: ReadContext, expression: ts.Expression, depth = 0): ts.Expression {
  const bare = withoutCasts(expression);
  if (depth > depthMax) return bare;
  const next = initializerOf(context, bare, depth);
  return next === undefined ? bare : settled(context, next, depth + 1);
}

function withoutCasts(expression: ts.Expression): ts.Expression {
  return ts.isParenthesizedExpression(expression) ||
    ts.isAsExpression(expression) ||
    ts.isSatisfiesExpression(expression) ||
    ts.isNonNullExpression(expression)
    ? withoutCasts(expression.expression)
    : expression;
}

/** What the constant that the expression names is set to. The SDK's own are not looked into. */
function initializerOf(
  context: ReadContext,
  expression: ts.Expression,
  depth: number,
): ts.Expression | undefined {
  if (!ts.isIdentifier(expression) && !ts.isPropertyAccessExpression(expression)) return undefined;
  const { checker } = context;
  const symbol = ts.isIdentifier(expression)
    ? valueSymbolOf(checker, expression)
    : checker.getSymbolAtLocation(expression.name);
  const declaration = unaliased(checker, symbol)?.valueDeclaration;
  if (declaration === undefined || context.isSdk(declaration.getSourceFile())) return undefined;
  if (ts.isVariableDeclaration(declaration) && isConst(declaration)) return declaration.initializer;
  if (ts.isBindingElement(declaration)) return boundTo(context, declaration, depth);
  if (ts.isPropertyDeclaration(declaration) && isStaticReadonly(declaration)) {
    return declaration.initializer;
  }
  if (!ts.isPropertyAccessExpression(expression)) return undefined;
  // Of an object that is written out somewhere.
  const object = settled(context, expression.expression, depth + 1);
  if (!ts.isObjectLiteralExpression(object)) return undefined;
  const members = staticMembers(context, object, depth + 1);
  const member = members.known ? members.value.get(expression.name.text)?.value : undefined;
  return member !== undefined && ts.isExpression(member) ? member : undefined;
}

/** `{ name }` names a property and a constant: the constant is meant. */
function valueSymbolOf(checker: ts.TypeChecker, name: ts.Identifier): ts.Symbol | undefined {
  return ts.isShorthandPropertyAssignment(name.parent)
    ? checker.getShorthandAssignmentValueSymbol(name.parent)
    : checker.getSymbolAtLocation(name);
}

function isConst(declaration: ts.VariableDeclaration): boolean {
  return (ts.getCombinedNodeFlags(declaration) & ts.NodeFlags.Const) !== 0;
}

function isStaticReadonly(declaration: ts.PropertyDeclaration): boolean {
  const both = ts.ModifierFlags.Static | ts.ModifierFlags.Readonly;
  return (ts.getCombinedModifierFlags(declaration) & both) === both;
}

/** Of `const { a } = object`: the member of the object. */
function boundTo(
  context: ReadContext,
  element: ts.BindingElement,
  depth: number,
): ts.Expression | undefined {
  const declaration = element.parent.parent;
  const name = element.propertyName ?? element.name;
  if (!ts.isVariableDeclaration(declaration) || !isConst(declaration)) return undefined;
  if (element.initializer !== undefined || element.dotDotDotToken !== undefined) return undefined;
  if (!ts.isIdentifier(name) || declaration.initializer === undefined) return undefined;
  const object = settled(context, declaration.initializer, depth + 1);
  if (!ts.isObjectLiteralExpression(object)) return undefined;
  const members = staticMembers(context, object, depth + 1);
  const member = members.known ? members.value.get(name.text)?.value : undefined;
  return member !== undefined && ts.isExpression(member) ? member : undefined;
}

/** The members of an object that is written out, spreads of such objects included; the last of a name wins. */
export function staticMembers(
  context: ReadContext,
  expression: ts.Expression,
  depth = 0,
): Read<StaticMembers> {
  const object = settled(context, expression, depth);
  if (!ts.isObjectLiteralExpression(object) || depth > depthMax) {
    return { known: false, node: expression };
  }
  const members = new Map<string, StaticMember>();
  for (const property of object.properties) {
    if (ts.isSpreadAssignment(property)) {
      const spread = staticMembers(context, property.expression, depth + 1);
      if (!spread.known) return { known: false, node: property };
      for (const [name, member] of spread.value) members.set(name, member);
      continue;
    }
    const name = propertyName(context, property.name);
    if (name === undefined || ts.isAccessor(property)) return { known: false, node: property.name };
    members.set(name, { value: memberValue(context, property), property });
  }
  return known(members);
}

function memberValue(
  context: ReadContext,
  property: ts.PropertyAssignment | ts.ShorthandPropertyAssignment | ts.MethodDeclaration,
): StaticMember["value"] {
  if (ts.isPropertyAssignment(property)) return property.initializer;
  if (ts.isMethodDeclaration(property)) return property;
  const { checker } = context;
  const symbol = unaliased(checker, checker.getShorthandAssignmentValueSymbol(property));
  const declaration = symbol?.valueDeclaration;
  return declaration !== undefined && ts.isFunctionDeclaration(declaration)
    ? declaration
    : property.name;
}

function propertyName(context: ReadContext, name: ts.PropertyName): string | undefined {
  if (!ts.isComputedPropertyName(name)) return ts.isPrivateIdentifier(name) ? undefined : name.text;
  const value = staticValue(context, name.expression);
  return value.known && typeof value.value !== "object" ? String(value.value) : undefined;
}

/** A string, number, boolean, null or undefined. */
export function staticValue(context: ReadContext, expression: ts.Node): Read<StaticValue> {
  if (!ts.isExpression(expression)) return { known: false, node: expression };
  const node = settled(context, expression);
  if (ts.isStringLiteralLike(node)) return known(node.text);
  if (ts.isNumericLiteral(node)) return known(Number(node.text));
  if (node.kind === ts.SyntaxKind.TrueKeyword) return known(true);
  if (node.kind === ts.SyntaxKind.FalseKeyword) return known(false);
  if (node.kind === ts.SyntaxKind.NullKeyword) return known(null);
  if (ts.isIdentifier(node) && node.text === "undefined") return known(undefined);
  if (ts.isIdentifier(node) && node.text === "Infinity") return known(Infinity);
  if (ts.isPropertyAccessExpression(node) && node.getText() === "Number.POSITIVE_INFINITY") {
    return known(Infinity);
  }
  if (ts.isTemplateExpression(node)) return templateValue(context, node);
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.MinusToken) {
    const operand = staticValue(context, node.operand);
    return operand.known && typeof operand.value === "number" ? known(-operand.value) : operand;
  }
  if (ts.isBinaryExpression(node)) return binaryValue(context, node);
  return literalTypeValue(context, node, expression);
}

function templateValue(context: ReadContext, node: ts.TemplateExpression): Read<StaticValue> {
  let text = node.head.text;
  for (const { expression, literal } of node.templateSpans) {
    const part = staticValue(context, expression);
    if (!part.known) return part;
    text += String(part.value) + literal.text;
  }
  return known(text);
}

function binaryValue(context: ReadContext, node: ts.BinaryExpression): Read<StaticValue> {
  const left = staticValue(context, node.left);
  const right = staticValue(context, node.right);
  if (!left.known) return left;
  if (!right.known) return right;
  const { value: a } = left;
  const { value: b } = right;
  if (node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    if (typeof a === "string" || typeof b === "string") return known(`${String(a)}${String(b)}`);
  }
  if (typeof a !== "number" || typeof b !== "number") return { known: false, node };
  switch (node.operatorToken.kind) {
    case ts.SyntaxKind.PlusToken:
      return known(a + b);
    case ts.SyntaxKind.MinusToken:
      return known(a - b);
    case ts.SyntaxKind.AsteriskToken:
      return known(a * b);
    case ts.SyntaxKind.SlashToken:
      return known(a / b);
    case ts.SyntaxKind.AsteriskAsteriskToken:
      return known(a ** b);
    default:
      return { known: false, node };
  }
}

/** Constants of packages and members of enums, which have their values in their types. */
function literalTypeValue(
  { checker }: ReadContext,
  node: ts.Expression,
  written: ts.Expression,
): Read<StaticValue> {
  if (!ts.isPropertyAccessExpression(node) && !ts.isIdentifier(node)) {
    return { known: false, node: written };
  }
  const type = checker.getTypeAtLocation(node);
  return type.isStringLiteral() || type.isNumberLiteral()
    ? known(type.value)
    : { known: false, node: written };
}
