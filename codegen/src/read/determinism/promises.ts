// How durable promises are waited for: combined by the SDK, and never left lying.

import { ts } from "ts-morph";
import { calleeOf, isFunctionValue, nameOfCode, type Code } from "../steps/callees.js";
import { unwrapped, type SdkTypes } from "../steps/sdk-types.js";
import { asksContext } from "./durable-code.js";
import { quoted, type Site } from "./site.js";

const combinators = new Set(["race", "any", "all"]);

/** `Promise.race` and its like. `allSettled` has the same outcome whatever the order. */
export function checkCombination(call: ts.CallExpression, site: Site): void {
  const { sdk } = site;
  const { expression: callee } = call;
  if (!ts.isPropertyAccessExpression(callee) || !combinators.has(callee.name.text)) return;
  if (!isNativePromise(callee.expression, sdk)) return;
  const [given] = call.arguments;
  const what = `Promise.${callee.name.text}(…)`;
  if (given !== undefined && holdsDurable(given, sdk)) {
    const isAll = callee.name.text === "all";
    site.found({
      rule: "combination",
      node: call,
      what,
      ...(isAll
        ? {
            severity: "warning",
            why: "of durable promises rejects with the failure that the process sees first, and the server is not told what is waited for",
          }
        : {}),
    });
  } else if (callee.name.text !== "all") {
    site.found({ rule: "order", node: call, what });
  }
}

function isNativePromise(expression: ts.Expression, sdk: SdkTypes): boolean {
  const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
  if (!ts.isIdentifier(name) || name.text !== "Promise") return false;
  const declarations = sdk.symbolOf(expression)?.declarations ?? [];
  return declarations.every((each) => each.getSourceFile().isDeclarationFile);
}

/** Whether the elements of a list, or some of them, are durable promises. */
function holdsDurable(list: ts.Expression, sdk: SdkTypes): boolean {
  const inner = unwrapped(list);
  if (ts.isArrayLiteralExpression(inner)) {
    return inner.elements.some((element) =>
      ts.isSpreadElement(element)
        ? holdsDurable(element.expression, sdk)
        : sdk.isDurable(sdk.checker.getTypeAtLocation(element)),
    );
  }
  const type = sdk.checker.getTypeAtLocation(inner);
  const element = sdk.checker.getIndexTypeOfType(type, ts.IndexKind.Number);
  if (element !== undefined) return sdk.isDurable(element);
  // A set, or whatever else is iterated.
  const [first] = sdk.checker.getTypeArguments(type as ts.TypeReference);
  return first !== undefined && sdk.isDurable(first);
}

const neverHappens: Readonly<Record<string, string>> = {
  run: "is not awaited: a step that nobody awaits never runs",
  date: "is not awaited: it never happens",
  sleep: "is not awaited: nothing is waited for",
  promise: "is not awaited: nothing is waited for",
};

/** A statement that is a durable promise, or the promise of code that waits for some. */
export function checkStatement(statement: ts.ExpressionStatement, site: Site): void {
  const outer = unwrapped(statement.expression);
  const isVoid = ts.isVoidExpression(outer);
  const expression = isVoid ? unwrapped(outer.expression) : outer;
  if (!ts.isCallExpression(expression) && !ts.isIdentifier(expression)) return;
  const { sdk } = site;
  const type = sdk.checker.getTypeAtLocation(expression);
  if (sdk.isDurable(type)) {
    const operation = ts.isCallExpression(expression) ? sdk.operationOf(expression) : undefined;
    const isMapped = ts.isCallExpression(expression) && isMember(expression, "map");
    const why = sdk.isWorkflowPromise(type)
      ? neverHappens["promise"]
      : isMapped
        ? "is not awaited: its function never runs"
        : neverHappens[operation?.operation ?? ""];
    // What is said to be left alone may be, where it happens all the same.
    if (isVoid && operation?.operation !== "run" && !isMapped) return;
    report(expression, why, site);
    return;
  }
  if (isVoid || !ts.isCallExpression(expression)) return;
  const element = sdk.checker.getIndexTypeOfType(type, ts.IndexKind.Number);
  if (element !== undefined && sdk.isDurable(element)) {
    report(expression, "is not awaited: nobody waits for the promises that it makes", site);
    return;
  }
  if (isMember(expression, "then", "catch", "finally")) {
    const { expression: receiver } = expression.expression as ts.PropertyAccessExpression;
    if (sdk.isDurable(sdk.checker.getTypeAtLocation(receiver))) report(expression, undefined, site);
    return;
  }
  if (sdk.checker.getPropertyOfType(type, "then") === undefined) return;
  const code = calleeOf(sdk, expression);
  if (code === undefined || !asksContext(code, sdk)) return;
  const what = quoted(expression);
  const why = `is not awaited, and ${nameOfCode(code)} uses the context: what it does goes on beside the handler, which may end first`;
  site.found({ rule: "floating", node: expression, what, why });
}

function report(expression: ts.Expression, why: string | undefined, site: Site): void {
  site.found({
    rule: "floating",
    node: expression,
    what: quoted(expression),
    ...(why === undefined
      ? { severity: "warning", why: "is not awaited: how it ends is seen by nobody" }
      : { why }),
  });
}

function isMember({ expression }: ts.CallExpression, ...names: readonly string[]): boolean {
  return ts.isPropertyAccessExpression(expression) && names.includes(expression.name.text);
}

function givesPromise(code: Code, { checker }: SdkTypes): boolean {
  const signature = checker.getSignatureFromDeclaration(code);
  if (signature === undefined) return false;
  const type = checker.getReturnTypeOfSignature(signature);
  return checker.getPropertyOfType(type, "then") !== undefined;
}

/** `items.forEach(async …)`: nobody waits for what the function waits for. */
export function checkForEach(call: ts.CallExpression, site: Site): void {
  if (!isMember(call, "forEach")) return;
  const [given] = call.arguments;
  const code = given === undefined ? undefined : unwrapped(given);
  if (code === undefined || !isFunctionValue(code)) return;
  if (!givesPromise(code, site.sdk) || !asksContext(code, site.sdk)) return;
  site.found({
    rule: "floating",
    node: call,
    what: `${quoted(call.expression)}(…)`,
    why: "does not wait for its function, which uses the context: the handler goes on, and may end first",
    advice:
      "use for (const … of …) to do one after the other, or DurablePromise.all of the promises",
  });
}

/** A constant that holds a durable promise, and that nobody looks at. */
export function checkVariable(declaration: ts.VariableDeclaration, site: Site): void {
  const { name, initializer } = declaration;
  if (initializer === undefined || !ts.isIdentifier(name)) return;
  const inner = unwrapped(initializer);
  if (!ts.isCallExpression(inner)) return;
  const { sdk } = site;
  const operation = sdk.operationOf(inner)?.operation;
  const why = neverHappens[operation ?? ""];
  if (why === undefined || !sdk.isDurable(sdk.checker.getTypeAtLocation(inner))) return;
  const symbol = sdk.checker.getSymbolAtLocation(name);
  if (symbol === undefined || isUsed(name, symbol, site)) return;
  site.found({ rule: "floating", node: inner, what: quoted(inner), why });
}

function isUsed(name: ts.Identifier, symbol: ts.Symbol, { code, sdk }: Site): boolean {
  const visit = (node: ts.Node): boolean => {
    if (ts.isIdentifier(node) && node !== name && node.text === name.text) {
      const { parent } = node;
      const found = ts.isShorthandPropertyAssignment(parent)
        ? sdk.checker.getShorthandAssignmentValueSymbol(parent)
        : sdk.checker.getSymbolAtLocation(node);
      if (found === symbol) return true;
    }
    return ts.forEachChild(node, (child) => visit(child) || undefined) ?? false;
  };
  return visit(code.body);
}
