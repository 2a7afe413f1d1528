// Clock, chance, timers, I/O and the process: whatever says something else when a handler is replayed.

import { ts } from "ts-morph";
import { isUserFile, packageOf, unwrapped, type SdkTypes } from "../steps/sdk-types.js";
import { isConstant } from "../steps/callees.js";
import {
  declaredModule,
  mayBeGlobal,
  ruleOfCall,
  ruleOfGlobal,
  ruleOfGlobalName,
} from "./known-names.js";
import type { RuleName } from "./rules.js";
import { quoted, type Site } from "./site.js";

/** Packages that declare what is there without an import. */
const platforms = new Set(["typescript", "node", "bun-types", "bun", "@cloudflare/workers-types"]);

/** A name, or a member, of something global. */
export function checkName(node: ts.Identifier | ts.PropertyAccessExpression, site: Site): void {
  if (!mayBeGlobal(ownName(node, site.sdk)) || ts.isTypeOfExpression(node.parent)) return;
  const rule = ruleOfName(node, site.sdk);
  if (rule !== undefined) report(rule, node, site);
}

/** The name that it was declared by: `import { setTimeout as delay }`, `const { now: time } = Date`. */
function ownName(node: ts.Identifier | ts.PropertyAccessExpression, { checker }: SdkTypes): string {
  if (!ts.isIdentifier(node)) return node.name.text;
  const declaration = checker.getSymbolAtLocation(node)?.declarations?.[0];
  if (declaration === undefined) return node.text;
  if (!ts.isImportSpecifier(declaration) && !ts.isBindingElement(declaration)) return node.text;
  return declaration.propertyName?.getText() ?? node.text;
}

function ruleOfName(
  node: ts.Identifier | ts.PropertyAccessExpression,
  sdk: SdkTypes,
): RuleName | undefined {
  const symbol = sdk.symbolOf(node);
  if (symbol === undefined) {
    // Nobody declares it, so it is what the platform has.
    return ts.isIdentifier(node) ? ruleOfGlobalName(node.text) : undefined;
  }
  for (const declaration of symbol.declarations ?? []) {
    if (!isOfPlatform(declaration)) continue;
    const rule = ruleOfGlobal(declaration);
    if (rule !== undefined) return rule;
  }
  return undefined;
}

function isOfPlatform(declaration: ts.Node): boolean {
  const file = declaration.getSourceFile();
  if (!file.isDeclarationFile) return false;
  const from = packageOf(file);
  return from === undefined || platforms.has(from);
}

function report(rule: RuleName, node: ts.Expression, site: Site): void {
  let outer: ts.Node = node;
  const { parent } = node;
  if ((ts.isCallExpression(parent) || ts.isNewExpression(parent)) && parent.expression === node) {
    outer = parent;
  }
  const what = outer === node ? quoted(node) : `${quoted(node)}(${argumentText(outer)})`;
  site.found({ rule, node, what });
}

function argumentText(call: ts.Node): string {
  const given = ts.isCallExpression(call) || ts.isNewExpression(call) ? call.arguments : undefined;
  return given === undefined || given.length === 0 ? "" : "…";
}

/** A call of something imported, or `new Date()`. */
export function checkCall(call: ts.CallExpression | ts.NewExpression, site: Site): void {
  const callee = unwrapped(call.expression);
  if (isGlobalDate(callee, site.sdk)) {
    const isNow = ts.isCallExpression(call) || (call.arguments ?? []).length === 0;
    if (isNow) site.found({ rule: "clock", node: call, what: quoted(call) });
    return;
  }
  const from = originOf(callee, site.sdk);
  if (from === undefined) return;
  const rule = ruleOfCall(from.module, {
    name: from.name,
    argumentCount: call.arguments?.length ?? 0,
    isWaited: () => isWaited(call, site.sdk),
  });
  if (rule === undefined) return;
  site.found({
    rule,
    node: call,
    what: `${quoted(callee)}(${argumentText(call)}) of "${from.module}"`,
  });
}

function isGlobalDate(callee: ts.Expression, sdk: SdkTypes): boolean {
  const name = ts.isPropertyAccessExpression(callee) ? callee.name : callee;
  if (!ts.isIdentifier(name) || name.text !== "Date") return false;
  const symbol = sdk.symbolOf(callee);
  return symbol === undefined || (symbol.declarations ?? []).some((each) => isOfPlatform(each));
}

interface Origin {
  readonly module: string;
  readonly name: string;
}

/** The module or the package whose function a callee is. */
function originOf(callee: ts.Expression, sdk: SdkTypes): Origin | undefined {
  const symbol = sdk.symbolOf(callee);
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : (symbol?.name ?? "");
  for (const declaration of symbol?.declarations ?? []) {
    const file = declaration.getSourceFile();
    if (isUserFile(file)) continue;
    const from = declaredModule(declaration) ?? packageOf(file);
    // Methods of a promise, an array: what they are of is seen where it comes from.
    if (from === undefined || from === "typescript") continue;
    return { module: from, name };
  }
  if (symbol !== undefined && (symbol.declarations ?? []).length > 0) {
    if (!ts.isIdentifier(callee)) return undefined;
  }
  const module = importedFrom(callee, sdk, 0);
  return module === undefined ? undefined : { module, name: lastName(callee) };
}

function lastName(callee: ts.Expression): string {
  if (ts.isPropertyAccessExpression(callee)) return callee.name.text;
  return ts.isIdentifier(callee) ? callee.text : "";
}

/** The module that an expression comes from, where it has no types: by its import, or by the constant it was made for. */
function importedFrom(expression: ts.Expression, sdk: SdkTypes, depth: number): string | undefined {
  let root = unwrapped(expression);
  while (
    ts.isPropertyAccessExpression(root) ||
    ts.isCallExpression(root) ||
    ts.isNewExpression(root) ||
    ts.isAwaitExpression(root) ||
    ts.isElementAccessExpression(root)
  ) {
    root = unwrapped(root.expression);
  }
  if (!ts.isIdentifier(root) || depth > 3) return undefined;
  const declaration = sdk.checker.getSymbolAtLocation(root)?.declarations?.[0];
  if (declaration === undefined) return undefined;
  const imported = ts.findAncestor(declaration, ts.isImportDeclaration);
  if (imported !== undefined) {
    if (sdk.checker.getSymbolAtLocation(imported.moduleSpecifier) !== undefined) return undefined;
    return ts.isStringLiteral(imported.moduleSpecifier) ? imported.moduleSpecifier.text : undefined;
  }
  if (!ts.isVariableDeclaration(declaration) || !isConstant(declaration)) return undefined;
  const { initializer } = declaration;
  if (initializer === undefined) return undefined;
  return importedFrom(initializer, sdk, depth + 1);
}

function isWaited(call: ts.CallExpression | ts.NewExpression, { checker }: SdkTypes): boolean {
  const type = checker.getTypeAtLocation(call);
  if ((type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) !== 0) return true;
  return checker.getPropertyOfType(type, "then") !== undefined;
}
