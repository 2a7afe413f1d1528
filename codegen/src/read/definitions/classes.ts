// Decorated classes. Handlers are found as the SDK finds them when the class is defined: the nearest method of each
// name along the chain of prototypes, if it is decorated.

import type { ServiceKindName } from "@perdure/protocol/definitions";
import { ts } from "ts-morph";
import type { HandlerKindName } from "../../model/services.js";
import type { ReadContext } from "../read-context.js";
import type { FoundHandler, FoundService } from "./found.js";
import { membersAt, reportUnreadable } from "./options.js";
import { slotsOf } from "./signatures.js";
import { staticValue, settled, type StaticMembers } from "./static-values.js";
import { sdkNameOf } from "./symbols.js";

export const serviceKinds: ReadonlyMap<string, ServiceKindName> = new Map([
  ["service", "service"],
  ["object", "object"],
  ["workflow", "workflow"],
]);

const handlerKinds: ReadonlyMap<string, HandlerKindName | undefined> = new Map([
  ["run", "run"],
  ["shared", "shared"],
  ["exclusive", "exclusive"],
  ["handler", undefined],
]);

/** Undefined: the class is no service type. What is wrong with one that is, is reported. */
export function readClass(
  context: ReadContext,
  declaration: ts.ClassLikeDeclaration,
): FoundService | undefined {
  const decorators = decoratorsOf(context, declaration, [...serviceKinds.keys()]);
  const [decorator] = decorators;
  if (decorator === undefined) return undefined;
  const symbol = classNameOf(declaration);
  const node = declaration.name ?? declaration;
  if (decorators.length > 1) {
    context.diagnostics.report(decorators[1]?.node, {
      code: "PDR6006",
      message: `class ${symbol} is decorated twice`,
      advice: "leave one of @service(), @object() and @workflow()",
    });
    return undefined;
  }
  const options = optionsOf(context, decorator, `the options of class ${symbol}`);
  if (options === undefined) return undefined;
  const name = nameOf(context, options, symbol);
  if (name === undefined) return undefined;
  const type = instanceOf(context, declaration);
  const methods = methodsOf(context, declaration).filter(
    (method) => decoratorsOf(context, method, [...handlerKinds.keys()]).length > 0,
  );
  return {
    name,
    symbol,
    kind: serviceKinds.get(decorator.name) ?? "service",
    node,
    docs: [declaration],
    options: [options],
    handlers: methods.flatMap((method) => readMethod(context, name, type, method, node) ?? []),
    handlerNames: methods.map((method) => methodName(method.name) ?? method.name.getText()),
  };
}

interface FoundDecorator {
  /** The SDK's name of it. */
  readonly name: string;
  readonly node: ts.Decorator;
  /** Absent: it is not called. */
  readonly call: ts.CallExpression | undefined;
}

function decoratorsOf(
  context: ReadContext,
  node: ts.Node,
  names: readonly string[],
): readonly FoundDecorator[] {
  if (!ts.canHaveDecorators(node)) return [];
  return (ts.getDecorators(node) ?? []).flatMap((decorator) => {
    const expression = settled(context, decorator.expression);
    const call = ts.isCallExpression(expression) ? expression : undefined;
    const name = sdkNameOf(context, call === undefined ? expression : call.expression);
    if (name === undefined) reportUnresolved(context, decorator, call?.expression ?? expression);
    return name === undefined || !names.includes(name) ? [] : [{ name, node: decorator, call }];
  });
}

/** A decorator that can't be found could be one of the SDK's: the service would be missing without a word. */
function reportUnresolved(
  { checker, diagnostics }: ReadContext,
  decorator: ts.Decorator,
  expression: ts.Expression,
): void {
  const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
  const symbol = checker.getSymbolAtLocation(name);
  const isAlias = symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0;
  const found = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
  if (found?.declarations !== undefined) return;
  diagnostics.report(decorator, {
    code: "PDR6004",
    message: `the decorator ${decorator.getText()} can't be resolved`,
    advice: "tsc says why; install the package, or build it, or mend the import",
  });
}

function optionsOf(
  context: ReadContext,
  { call, node, name }: FoundDecorator,
  what: string,
): StaticMembers | undefined {
  if (call === undefined) {
    context.diagnostics.report(node, {
      code: "PDR6006",
      message: `@${name} is not called`,
      advice: `write @${name}()`,
    });
    return undefined;
  }
  const [argument] = call.arguments;
  return argument === undefined ? new Map() : membersAt(context, argument, what);
}

function nameOf(
  context: ReadContext,
  options: StaticMembers,
  className: string,
): string | undefined {
  const member = options.get("name");
  if (member === undefined) return className;
  const name = staticValue(context, member.value);
  if (!name.known) {
    reportUnreadable(context, name.node, `the name of the service ${className}`);
    return undefined;
  }
  return name.value === undefined ? className : String(name.value);
}

function classNameOf(declaration: ts.ClassLikeDeclaration): string {
  if (declaration.name !== undefined) return declaration.name.text;
  const { parent } = declaration;
  // As the language names it: after the constant that it is assigned to.
  return ts.isVariableDeclaration(parent) && ts.isIdentifier(parent.name)
    ? parent.name.text
    : "default";
}

/** Those of the class, then those of the classes that it extends, nearest first; without those that are hidden. */
function methodsOf(
  context: ReadContext,
  declaration: ts.ClassLikeDeclaration,
): readonly ts.MethodDeclaration[] {
  const methods = new Map<string, ts.MethodDeclaration>();
  const hidden = new Set<string>();
  for (const owner of chainOf(context, declaration)) {
    for (const member of owner.members) {
      const name = member.name && methodName(member.name);
      if (name === undefined || isStatic(member)) continue;
      if (!ts.isMethodDeclaration(member) || member.body === undefined) continue;
      if (!methods.has(name) && !hidden.has(name)) methods.set(name, member);
      hidden.add(name);
    }
  }
  return [...methods.values()];
}

/** The type of what the class makes. */
function instanceOf({ checker }: ReadContext, declaration: ts.ClassLikeDeclaration): ts.Type {
  return checker.getDeclaredTypeOfSymbol(checker.getTypeAtLocation(declaration).symbol);
}

function chainOf(
  context: ReadContext,
  declaration: ts.ClassLikeDeclaration,
): readonly ts.ClassLikeDeclaration[] {
  const { checker } = context;
  const chain: ts.ClassLikeDeclaration[] = [];
  const visit = (type: ts.Type): void => {
    if (type.isIntersection()) {
      for (const part of type.types) visit(part);
      return;
    }
    const owner = (type.symbol as ts.Symbol | undefined)?.valueDeclaration;
    if (owner === undefined || !ts.isClassLike(owner) || chain.includes(owner)) return;
    chain.push(owner);
    const declared = checker.getDeclaredTypeOfSymbol(type.symbol);
    if (declared.isClassOrInterface()) {
      for (const base of checker.getBaseTypes(declared)) visit(base);
    }
  };
  visit(instanceOf(context, declaration));
  return chain;
}

function methodName(name: ts.PropertyName): string | undefined {
  return ts.isPrivateIdentifier(name) || ts.isComputedPropertyName(name) ? undefined : name.text;
}

function isStatic(member: ts.ClassElement): boolean {
  return (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Static) !== 0;
}

function readMethod(
  context: ReadContext,
  service: string,
  type: ts.Type,
  method: ts.MethodDeclaration,
  serviceNode: ts.Node,
): FoundHandler | undefined {
  const decorators = decoratorsOf(context, method, [...handlerKinds.keys()]);
  const [decorator] = decorators;
  const name = method.name.getText();
  if (decorator === undefined) return undefined;
  const plainName = methodName(method.name) ?? name;
  const what = `handler ${plainName} of ${service}`;
  if (decorators.length > 1) {
    context.diagnostics.report(decorators[1]?.node, {
      code: "PDR6006",
      message: `${what} is decorated twice`,
      advice: "leave one of @run(), @shared(), @exclusive() and @handler()",
    });
  }
  const options = optionsOf(context, decorator, `the options of ${what}`);
  const property = type.getProperty(plainName);
  if (options === undefined || property === undefined) return undefined;
  // As seen from the class: what it says for the type parameters of a class that it extends is filled in.
  const methodType = context.checker.getTypeOfSymbolAtLocation(property, serviceNode);
  const slots = slotsOf(context, methodType.getCallSignatures(), method.name, what);
  if (slots === undefined) return undefined;
  return {
    name: plainName,
    node: method.name,
    docs: [method],
    given: handlerKinds.get(decorator.name),
    options: [options],
    code: method,
    ...slots,
  };
}
