// What of the SDK an expression is: a context, one of its operations, a durable promise. Found by where the type or
// the member is declared, so that aliases, sub-interfaces, destructuring and generic contexts need no case of their own.

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ts } from "ts-morph";

/** What a call asks the context for; the names are those of perdure.manifest.v1.Step. */
export interface Operation {
  readonly operation: string;
  readonly call: ts.CallExpression;
}

/** Operations by the interface of the SDK that declares the method. */
const operations: Readonly<Record<string, string>> = {
  "Context.run": "run",
  "Context.sleep": "sleep",
  "Context.genericCall": "call",
  "Context.genericSend": "send",
  "ScopedContext.genericCall": "call",
  "ScopedContext.genericSend": "send",
  "Context.signal": "signal",
  "Context.cancel": "cancel",
  "Context.attach": "attach",
  "Context.awakeable": "awakeable",
  "Context.resolveAwakeable": "awakeable.resolve",
  "Context.rejectAwakeable": "awakeable.reject",
  "ContextDate.now": "date",
  "ContextDate.toJSON": "date",
  "ContextInternal.cancelPreviousCalls": "cancel",
  "StateReader.get": "get",
  "StateReader.stateKeys": "stateKeys",
  "StateWriter.set": "set",
  "StateWriter.clear": "clear",
  "StateWriter.clearAll": "clearAll",
  "WorkflowPromise.get": "promise",
  "WorkflowPromise.peek": "promise.peek",
  "WorkflowPromise.resolve": "promise.resolve",
  "WorkflowPromise.reject": "promise.reject",
  "InvocationResult.attach": "attach",
  "InvocationResult.output": "output",
  "InvocationReference.cancel": "cancel",
  "SignalReference.resolve": "signal.resolve",
  "SignalReference.reject": "signal.reject",
  // A time limit is a sleep beside what it limits.
  "DurablePromise.orTimeout": "sleep",
};

/** Members that contexts have, and few other things. */
const contextMembers = ["genericCall", "run", "get", "promise", "serviceClient"] as const;
const contextOwners = new Set([
  "Context",
  "ClientMakers",
  "ScopedContext",
  "StateReader",
  "StateWriter",
  "Promises",
]);

const durableNames = new Set(["DurablePromise", "InvocationPromise", "WorkflowPromise"]);
const callNames = new Set(["InvocationPromise"]);
const sendNames = new Set(["InvocationHandle"]);
const workflowPromiseNames = new Set(["WorkflowPromise"]);
const handleNames = new Set([
  ...durableNames,
  "ClientOf",
  "SendClientOf",
  "InvocationReference",
  "InvocationResult",
  "InvocationHandle",
  "SignalReference",
  "Awakeable",
]);

/** Packages of this project: their code is never taken for the user's, whatever it is resolved to. */
const ownPackages = new Set(
  ["sdk", "protocol", "proto", "clients", "testing"].map((name) => `@perdure/${name}`),
);

const packages = new Map<string, string | undefined>();

/** The package that a file belongs to, as far as that matters: installed ones, and those of this project. */
export function packageOf(file: ts.SourceFile): string | undefined {
  const folder = dirname(file.fileName);
  if (!packages.has(folder)) packages.set(folder, findPackage(folder));
  return packages.get(folder);
}

function findPackage(folder: string): string | undefined {
  const marker = "/node_modules/";
  const at = `${folder}/`.lastIndexOf(marker);
  if (at >= 0) {
    const [first = "", second = ""] = folder.slice(at + marker.length).split("/");
    if (first === "@types") return second.includes("__") ? `@${second.replace("__", "/")}` : second;
    return first.startsWith("@") ? `${first}/${second}` : first;
  }
  for (let at = folder; ; at = dirname(at)) {
    try {
      const { name } = JSON.parse(readFileSync(join(at, "package.json"), "utf8")) as {
        name?: string;
      };
      if (name === undefined) continue;
      return ownPackages.has(name) ? name : undefined;
    } catch {
      if (dirname(at) === at) return undefined;
    }
  }
}

/** Whether a file has code of the user, and not of a package. */
export function isUserFile(file: ts.SourceFile): boolean {
  return !file.isDeclarationFile && packageOf(file) === undefined;
}

export class SdkTypes {
  readonly checker: ts.TypeChecker;
  readonly #contexts = new Map<ts.Type, boolean>();

  constructor(checker: ts.TypeChecker) {
    this.checker = checker;
  }

  /** The symbol that a name, a member or a destructured member stands for, imports followed. */
  symbolOf(expression: ts.Node): ts.Symbol | undefined {
    const node = ts.isPropertyAccessExpression(expression)
      ? expression.name
      : ts.isElementAccessExpression(expression)
        ? expression.argumentExpression
        : expression;
    let symbol = this.checker.getSymbolAtLocation(node);
    if (symbol === undefined) return undefined;
    if ((symbol.flags & ts.SymbolFlags.Alias) !== 0) symbol = this.checker.getAliasedSymbol(symbol);
    return this.#destructured(symbol) ?? symbol;
  }

  /** `const { run } = ctx`: the member, not the local name. */
  #destructured(symbol: ts.Symbol): ts.Symbol | undefined {
    const declaration = symbol.valueDeclaration;
    if (declaration === undefined || !ts.isBindingElement(declaration)) return undefined;
    if (!ts.isObjectBindingPattern(declaration.parent)) return undefined;
    const name = declaration.propertyName ?? declaration.name;
    if (!ts.isIdentifier(name)) return undefined;
    const type = this.checker.getTypeAtLocation(declaration.parent);
    return this.checker.getPropertyOfType(type, name.text);
  }

  /** The SDK's interface that declares a member. */
  #ownerOf(symbol: ts.Symbol | undefined): string | undefined {
    for (const declaration of symbol?.declarations ?? []) {
      const { parent } = declaration;
      if (!ts.isInterfaceDeclaration(parent) && !ts.isClassDeclaration(parent)) continue;
      if (isSdkFile(declaration.getSourceFile())) return parent.name?.text;
    }
    return undefined;
  }

  /** "Context.run": which member of the SDK an expression names. */
  memberOf(expression: ts.Expression): string | undefined {
    const symbol = this.symbolOf(unwrapped(expression));
    const owner = this.#ownerOf(symbol);
    return owner === undefined || symbol === undefined ? undefined : `${owner}.${symbol.name}`;
  }

  /** What a call asks the context for, if it does. */
  operationOf(call: ts.CallExpression): Operation | undefined {
    const member = this.memberOf(call.expression);
    const known = member === undefined ? undefined : operations[member];
    if (known !== undefined) return { operation: known, call };
    if (member !== undefined) return undefined;
    if (!ts.isPropertyAccessExpression(call.expression)) return undefined;
    const { expression: receiver, name } = call.expression;
    const declared = this.checker.getTypeAtLocation(call);
    if (isNamed(declared, callNames)) return { operation: "call", call };
    if (isNamed(declared, sendNames)) return { operation: "send", call };
    if (!["then", "catch", "finally"].includes(name.text)) return undefined;
    // Waiting for a workflow's promise in whatever way asks for it.
    return this.isWorkflowPromise(this.checker.getTypeAtLocation(receiver))
      ? { operation: "promise", call }
      : undefined;
  }

  isWorkflowPromise(type: ts.Type): boolean {
    return isNamed(type, workflowPromiseNames);
  }

  /** Whether a value is a durable promise, or may be one. */
  isDurable(type: ts.Type): boolean {
    return isNamed(type, durableNames);
  }

  /** Whether a value is a context of any kind, or a part of one. */
  isContext(type: ts.Type): boolean {
    const known = this.#contexts.get(type);
    if (known !== undefined) return known;
    const constraint = this.checker.getBaseConstraintOfType(type) ?? type;
    const is = parts(constraint).some((part) =>
      contextMembers.some((member) => {
        const owner = this.#ownerOf(this.checker.getPropertyOfType(part, member));
        return owner !== undefined && contextOwners.has(owner);
      }),
    );
    this.#contexts.set(type, is);
    return is;
  }

  /** Whether durable operations can be asked of a value: a context, a client, a durable promise. */
  isHandle(type: ts.Type): boolean {
    if (this.isContext(type)) return true;
    return isNamed(type, handleNames);
  }
}

export function isSdkFile(file: ts.SourceFile): boolean {
  return packageOf(file) === "@perdure/sdk";
}

/** Without parentheses, assertions and `!`. */
export function unwrapped(expression: ts.Expression): ts.Expression {
  let inner = expression;
  while (
    ts.isParenthesizedExpression(inner) ||
    ts.isAsExpression(inner) ||
    ts.isNonNullExpression(inner) ||
    ts.isSatisfiesExpression(inner) ||
    ts.isTypeAssertionExpression(inner)
  ) {
    inner = inner.expression;
  }
  return inner;
}

function parts(type: ts.Type): readonly ts.Type[] {
  return type.isUnionOrIntersection() ? type.types : [type];
}

function isNamed(type: ts.Type, names: ReadonlySet<string>): boolean {
  return parts(type).some(
    (part) => isSdkSymbol(part.aliasSymbol, names) || isSdkSymbol(part.getSymbol(), names),
  );
}

function isSdkSymbol(symbol: ts.Symbol | undefined, names: ReadonlySet<string>): boolean {
  if (symbol === undefined || !names.has(symbol.name)) return false;
  const declaration = symbol.declarations?.[0];
  return declaration !== undefined && isSdkFile(declaration.getSourceFile());
}
