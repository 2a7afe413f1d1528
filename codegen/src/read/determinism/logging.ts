// Calls that write lines to a log and nothing else: what they are given decides nothing.

import { ts } from "ts-morph";

const logging = new Set(["log", "info", "warn", "error", "debug", "trace", "fatal"]);
const loggers = /^(console|logger|log)$/i;

export function isLogging(expression: ts.Expression): boolean {
  if (!ts.isCallExpression(expression)) return false;
  const { expression: callee } = expression;
  if (!ts.isPropertyAccessExpression(callee) || !logging.has(callee.name.text)) return false;
  const { expression: receiver } = callee;
  const name = ts.isPropertyAccessExpression(receiver) ? receiver.name.text : receiver.getText();
  return loggers.test(name.replace(/^#/, ""));
}

/** Whether a node is no more than a part of what a log is told. */
export function isLogged(node: ts.Node): boolean {
  for (let at = node; !ts.isFunctionLike(at) && !ts.isSourceFile(at); at = at.parent) {
    const { parent } = at;
    if (ts.isCallExpression(parent) && parent.expression !== at && isLogging(parent)) return true;
  }
  return false;
}
