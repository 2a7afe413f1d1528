// Code that catches whatever comes from durable operations and goes on: a cancellation goes lost in it. What does
// something about the failure (compensates, returns, remembers it) is business, and left alone.

import { ts } from "ts-morph";
import { isFunctionValue } from "../steps/callees.js";
import { unwrapped } from "../steps/sdk-types.js";
import { handsOn, operationsIn, type DurableUse } from "./durable-code.js";
import { isLogging } from "./logging.js";
import { quoted, type Site } from "./site.js";

export function checkTry({ tryBlock, catchClause }: ts.TryStatement, site: Site): void {
  if (catchClause === undefined || !isSilent(catchClause.block)) return;
  const operations = operationsIn(tryBlock, site.sdk);
  const risky = operations.filter((operation) => !mayFail(operation));
  const isWaiting = operations.length === 0 && handsOn(tryBlock, site.sdk);
  const [first] = risky;
  if (first === undefined && !isWaiting) return;
  const around = first === undefined ? "durable operations" : quoted(first.node);
  site.found({ rule: "swallowed", node: catchClause, what: `the catch around ${around}` });
}

/** `.catch(() => {})` on a durable promise. */
export function checkCatchMethod(call: ts.CallExpression, site: Site): void {
  const { expression: callee } = call;
  if (!ts.isPropertyAccessExpression(callee) || callee.name.text !== "catch") return;
  const [given] = call.arguments;
  const code = given === undefined ? undefined : unwrapped(given);
  if (code === undefined || !isFunctionValue(code) || !isEmpty(code)) return;
  const receiver = unwrapped(callee.expression);
  if (!site.sdk.isDurable(site.sdk.checker.getTypeAtLocation(receiver))) return;
  const operation = ts.isCallExpression(receiver) ? site.sdk.operationOf(receiver) : undefined;
  if (operation !== undefined && mayFail({ ...operation, node: operation.call })) return;
  site.found({ rule: "swallowed", node: call, what: `${quoted(callee)}(…)` });
}

function isEmpty({ body }: ts.ArrowFunction | ts.FunctionExpression): boolean {
  if (ts.isBlock(body)) return isSilent(body);
  const inner = unwrapped(body);
  return ts.isVoidExpression(inner) || (ts.isIdentifier(inner) && inner.text === "undefined");
}

/** Operations whose failure is no surprise: a step with a limit of its own, a promise that may be completed already. */
function mayFail({ operation, node }: DurableUse): boolean {
  if (operation === "promise.resolve" || operation === "promise.reject") return true;
  if (operation === "set" || operation === "clear" || operation === "send") return true;
  if (operation !== "run" || !ts.isCallExpression(node)) return false;
  const options = node.arguments.at(2);
  if (options === undefined) return false;
  const inner = unwrapped(options);
  // Options from elsewhere may have a limit.
  if (!ts.isObjectLiteralExpression(inner)) return true;
  return inner.properties.some((property) => {
    if (ts.isSpreadAssignment(property)) return true;
    const name = property.name.getText();
    return name === "maxRetryAttempts" || name === "maxRetryDuration";
  });
}

/** Nothing in it, or lines for a log alone. */
function isSilent(block: ts.Block): boolean {
  return block.statements.every((statement) => {
    if (ts.isEmptyStatement(statement)) return true;
    if (!ts.isExpressionStatement(statement)) return false;
    return isLogging(unwrapped(statement.expression));
  });
}
