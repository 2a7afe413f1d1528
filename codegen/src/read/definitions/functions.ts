// Definitions as functions: `service({ name, handlers })`, `object`, `workflow`.

import type { ServiceKindName } from "@perdure/protocol/definitions";
import { ts } from "ts-morph";
import type { HandlerKindName } from "../../model/services.js";
import type { ReadContext } from "../read-context.js";
import type { FoundHandler, FoundService, FunctionNode } from "./found.js";
import { membersAt, reportUnreadable } from "./options.js";
import { slotsOf } from "./signatures.js";
import { settled, staticValue, type StaticMember, type StaticMembers } from "./static-values.js";
import { sdkNameOf } from "./symbols.js";
import { unaliased } from "../unaliased.js";

const makers: ReadonlyMap<string, HandlerKindName | undefined> = new Map([
  ["createServiceHandler", undefined],
  ["createObjectHandler", "exclusive"],
  ["createObjectSharedHandler", "shared"],
  ["createWorkflowHandler", "run"],
  ["createWorkflowSharedHandler", "shared"],
]);

/** Undefined: no definition, but a decorator; or one that can't be read, which is reported. */
export function readDefinition(
  context: ReadContext,
  kind: ServiceKindName,
  call: ts.CallExpression,
): FoundService | undefined {
  const [argument] = call.arguments;
  if (argument === undefined || isDecorator(context, argument)) return undefined;
  const given = membersAt(context, argument, `the definition of a ${kind}`);
  const handlers = given?.get("handlers");
  // Without handlers, it makes a decorator.
  if (given === undefined || handlers === undefined) return undefined;
  const name = readName(context, given.get("name")?.value, argument, kind);
  if (name === undefined) return undefined;
  const functions = membersOf(context, handlers, `the handlers of ${name}`);
  const { symbol, node } = constantOf(call, name);
  return {
    name,
    symbol,
    kind,
    node,
    docs: [node],
    options: optionsOf(context, given, name),
    handlers: [...(functions ?? [])].flatMap(
      ([handler, member]) => readHandler(context, name, handler, member) ?? [],
    ),
    handlerNames: functions && [...functions.keys()],
  };
}

/** Whether what is given is known to have no handlers, though it isn't written out. */
function isDecorator({ checker }: ReadContext, argument: ts.Expression): boolean {
  const type = checker.getTypeAtLocation(argument);
  return (type.flags & ts.TypeFlags.Any) === 0 && type.getProperty("handlers") === undefined;
}

/** The name of a definition; reports one that can't be read. */
export function readName(
  context: ReadContext,
  value: ts.Node | undefined,
  node: ts.Node,
  kind: ServiceKindName,
): string | undefined {
  const name = value === undefined ? undefined : staticValue(context, value);
  if (name?.known === true && typeof name.value === "string") return name.value;
  reportUnreadable(context, name?.known === false ? name.node : node, `the name of this ${kind}`);
  return undefined;
}

/** The constant that the definition is assigned to, or else the call. */
export function constantOf(
  call: ts.CallExpression,
  name: string,
): { readonly symbol: string; readonly node: ts.Node } {
  let node: ts.Node = call.parent;
  while (
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isSatisfiesExpression(node)
  ) {
    node = node.parent;
  }
  return ts.isVariableDeclaration(node) && ts.isIdentifier(node.name)
    ? { symbol: node.name.text, node: node.name }
    : { symbol: name, node: call };
}

/** What the definition says outside of `options` wins. */
export function optionsOf(
  context: ReadContext,
  given: StaticMembers,
  name: string,
): readonly StaticMembers[] {
  const options = given.get("options");
  const inside = options && membersOf(context, options, `the options of ${name}`);
  const outside = [...given].filter(([member]) => ["description", "metadata"].includes(member));
  return [...(inside === undefined ? [] : [inside]), new Map(outside)];
}

export function membersOf(
  context: ReadContext,
  { value }: StaticMember,
  what: string,
): StaticMembers | undefined {
  if (ts.isExpression(value)) return membersAt(context, value, what);
  reportUnreadable(context, value, what);
  return undefined;
}

function readHandler(
  context: ReadContext,
  service: string,
  name: string,
  { value, property }: StaticMember,
): FoundHandler | undefined {
  const what = `handler ${name} of ${service}`;
  const made = madeBy(context, value, what);
  const code = made && codeOf(context, made.fn);
  if (code === undefined) {
    reportNoCode(context, property, what);
    return undefined;
  }
  const node = ts.getNameOfDeclaration(property as ts.Declaration) ?? property;
  const signatures = context.checker.getTypeAtLocation(code).getCallSignatures();
  const slots = slotsOf(context, signatures, node, what);
  if (slots === undefined) return undefined;
  const docs = [property, code];
  return { name, node, docs, given: made?.given, options: made?.options ?? [], code, ...slots };
}

export function reportNoCode({ diagnostics }: ReadContext, node: ts.Node, what: string): void {
  diagnostics.report(node, {
    code: "PDR6008",
    message: `the function of ${what} is nowhere written out`,
    advice: "write the function there, or name one that is declared somewhere",
  });
}

interface Made {
  readonly fn: ts.Node;
  readonly given?: HandlerKindName | undefined;
  readonly options?: readonly StaticMembers[];
}

/** What `handlers.…` says of a function, and the function. */
function madeBy(context: ReadContext, value: ts.Node, what: string): Made {
  if (!ts.isExpression(value)) return { fn: value };
  const call = settled(context, value);
  const maker = ts.isCallExpression(call) ? sdkNameOf(context, call.expression) : undefined;
  if (!ts.isCallExpression(call) || maker === undefined || !makers.has(maker)) return { fn: call };
  const [first, second] = call.arguments;
  const options =
    second === undefined || first === undefined
      ? undefined
      : membersAt(context, first, `the options of ${what}`);
  return {
    fn: second ?? first ?? call,
    given: makers.get(maker),
    options: options === undefined ? [] : [options],
  };
}

/** The function itself, if the expression is one or names one. */
export function codeOf(context: ReadContext, value: ts.Node): FunctionNode | undefined {
  if (isFunctionNode(value)) return value;
  if (!ts.isExpression(value)) return undefined;
  const expression = settled(context, value);
  if (isFunctionNode(expression)) return expression;
  const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression;
  if (!ts.isIdentifier(name)) return undefined;
  const symbol = unaliased(context.checker, context.checker.getSymbolAtLocation(name));
  const declarations = symbol?.declarations?.filter(isFunctionNode) ?? [];
  return declarations.find(({ body }) => body !== undefined) ?? declarations[0];
}

function isFunctionNode(node: ts.Node): node is FunctionNode {
  return (
    ts.isArrowFunction(node) ||
    ts.isFunctionExpression(node) ||
    ts.isFunctionDeclaration(node) ||
    ts.isMethodDeclaration(node)
  );
}
