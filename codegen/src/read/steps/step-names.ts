// Names of steps as far as they can be read without running anything. What is only known at run time is `*` beside
// fixed parts, and "" alone.

import { ts } from "ts-morph";
import type { Operation, SdkTypes } from "./sdk-types.js";
import { unwrapped } from "./sdk-types.js";
import { isConstant } from "./callees.js";

/** What parameters of functions that are followed stand for. */
export type Bindings = ReadonlyMap<ts.Symbol, ts.Expression>;

const deepest = 16;

export class StepNames {
  readonly #sdk: SdkTypes;

  constructor(sdk: SdkTypes) {
    this.#sdk = sdk;
  }

  of({ operation, call }: Operation, bindings: Bindings): string {
    const [first, second] = call.arguments;
    switch (operation) {
      case "run":
        return call.arguments.length < 2 ? "" : this.text(first, bindings);
      case "sleep":
        // A time limit has no name.
        return isMember(call, "sleep") ? this.text(second, bindings) : "";
      case "get":
      case "set":
      case "clear":
      case "signal":
        return this.text(first, bindings);
      case "promise":
      case "promise.peek":
      case "promise.resolve":
      case "promise.reject":
      case "signal.resolve":
      case "signal.reject":
        return this.promiseName(receiverOf(call), bindings);
      case "call":
      case "send":
        return isMember(call, "genericCall", "genericSend")
          ? this.#genericTarget(first, bindings)
          : this.#clientTarget(call, bindings);
      default:
        return "";
    }
  }

  /** The text of a name. */
  text(expression: ts.Expression | undefined, bindings: Bindings): string {
    const pattern = expression === undefined ? "*" : this.#pattern(expression, bindings, 0);
    return pattern === "*" ? "" : pattern;
  }

  #pattern(given: ts.Expression, bindings: Bindings, depth: number): string {
    const expression = unwrapped(given);
    if (ts.isStringLiteralLike(expression)) return expression.text;
    if (ts.isTemplateExpression(expression)) {
      const { head, templateSpans } = expression;
      const spans = templateSpans.map(
        (span) => this.#pattern(span.expression, bindings, depth + 1) + span.literal.text,
      );
      return [head.text, ...spans].join("").replaceAll(/\*+/g, "*");
    }
    if (ts.isBinaryExpression(expression)) {
      if (expression.operatorToken.kind !== ts.SyntaxKind.PlusToken) return "*";
      const sides = [expression.left, expression.right];
      return sides
        .map((side) => this.#pattern(side, bindings, depth + 1))
        .join("")
        .replaceAll(/\*+/g, "*");
    }
    if (ts.isIdentifier(expression)) {
      const value = this.#origin(expression, bindings);
      if (value !== undefined && depth < deepest) return this.#pattern(value, bindings, depth + 1);
    }
    const type = this.#sdk.checker.getTypeAtLocation(expression);
    if (type.isStringLiteral()) return type.value;
    if (type.isNumberLiteral()) return String(type.value);
    return "*";
  }

  /** The name given to `ctx.promise(…)` or `.signal(…)`, where the promise comes from there. */
  promiseName(given: ts.Expression | undefined, bindings: Bindings, depth = 0): string {
    if (given === undefined || depth > deepest) return "";
    const expression = unwrapped(given);
    if (ts.isCallExpression(expression)) {
      return isMember(expression, "promise", "signal")
        ? this.text(expression.arguments[0], bindings)
        : "";
    }
    const origin = this.#origin(expression, bindings);
    return origin === undefined ? "" : this.promiseName(origin, bindings, depth + 1);
  }

  /** What a parameter or a constant was given. */
  #origin(expression: ts.Expression, bindings: Bindings): ts.Expression | undefined {
    if (!ts.isIdentifier(expression)) return undefined;
    return boundTo(this.#sdk, expression, bindings) ?? constantOf(this.#sdk.symbolOf(expression));
  }

  #clientTarget(call: ts.CallExpression, bindings: Bindings): string {
    if (!ts.isPropertyAccessExpression(call.expression)) return "";
    const { expression, name } = call.expression;
    let client = unwrapped(expression);
    for (let depth = 0; depth < deepest && !ts.isCallExpression(client); depth++) {
      const origin = this.#origin(client, bindings);
      if (origin === undefined) break;
      client = unwrapped(origin);
    }
    const service = ts.isCallExpression(client)
      ? this.#serviceName(client.arguments[0], bindings)
      : "*";
    return `${service}/${name.text}`;
  }

  #genericTarget(target: ts.Expression | undefined, bindings: Bindings): string {
    const service = this.#memberText(target, "service", bindings);
    const method = this.#memberText(target, "method", bindings);
    return service === "*" && method === "*" ? "" : `${service}/${method}`;
  }

  #memberText(given: ts.Expression | undefined, member: string, bindings: Bindings): string {
    const object = given === undefined ? undefined : unwrapped(given);
    if (object === undefined || !ts.isObjectLiteralExpression(object)) return "*";
    for (const property of object.properties) {
      if (!ts.isPropertyAssignment(property) || property.name.getText() !== member) continue;
      return this.text(property.initializer, bindings) || "*";
    }
    return "*";
  }

  /** The name that a class, a definition or `{ name }` is registered by. */
  #serviceName(given: ts.Expression | undefined, bindings: Bindings): string {
    if (given === undefined) return "*";
    const { checker } = this.#sdk;
    const expression = this.#origin(unwrapped(given), bindings) ?? unwrapped(given);
    const symbol = this.#sdk.symbolOf(unwrapped(expression));
    const ofClass = symbol?.valueDeclaration;
    if (ofClass !== undefined && ts.isClassLike(ofClass)) return this.#className(ofClass);
    const name = checker.getPropertyOfType(checker.getTypeAtLocation(expression), "name");
    if (name !== undefined) {
      const type = checker.getTypeOfSymbolAtLocation(name, expression);
      if (type.isStringLiteral()) return type.value;
    }
    return this.#memberText(expression, "name", bindings);
  }

  #className(declared: ts.ClassLikeDeclaration): string {
    for (const { expression } of ts.getDecorators(declared) ?? []) {
      if (!ts.isCallExpression(expression)) continue;
      const name = this.#memberText(expression.arguments[0], "name", new Map());
      if (name !== "*") return name;
    }
    return declared.name?.text ?? "*";
  }
}

/** What the parameter of this name was given. */
export function boundTo(
  { checker }: SdkTypes,
  name: ts.Identifier,
  bindings: Bindings,
): ts.Expression | undefined {
  const symbol = ts.isShorthandPropertyAssignment(name.parent)
    ? checker.getShorthandAssignmentValueSymbol(name.parent)
    : checker.getSymbolAtLocation(name);
  return symbol === undefined ? undefined : bindings.get(symbol);
}

export function receiverOf(call: ts.CallExpression): ts.Expression | undefined {
  return ts.isPropertyAccessExpression(call.expression) ? call.expression.expression : undefined;
}

function isMember({ expression }: ts.CallExpression, ...names: readonly string[]): boolean {
  if (ts.isPropertyAccessExpression(expression)) return names.includes(expression.name.text);
  return ts.isIdentifier(expression) && names.includes(expression.text);
}

function constantOf(symbol: ts.Symbol | undefined): ts.Expression | undefined {
  const declaration = symbol?.valueDeclaration;
  if (declaration === undefined || !ts.isVariableDeclaration(declaration)) return undefined;
  return isConstant(declaration) ? declaration.initializer : undefined;
}
