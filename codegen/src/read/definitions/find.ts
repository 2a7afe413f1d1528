// Finds every service type in a file: decorated classes and definitions, wherever they stand.

import { ts } from "ts-morph";
import type { ReadContext } from "../read-context.js";
import { readClass, serviceKinds } from "./classes.js";
import type { FoundService } from "./found.js";
import { readDefinition } from "./functions.js";
import { readImplementation } from "./implementations.js";
import { sdkNameOf } from "./symbols.js";

/** In the order of the code. */
export function findServices(context: ReadContext, file: ts.SourceFile): readonly FoundService[] {
  const found: FoundService[] = [];
  const visit = (node: ts.Node): void => {
    // Types and imports hold no code.
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node)) return;
    const service = ts.isClassLike(node)
      ? readClass(context, node)
      : ts.isCallExpression(node)
        ? readCall(context, node)
        : undefined;
    if (service !== undefined) found.push(service);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function readCall(context: ReadContext, call: ts.CallExpression): FoundService | undefined {
  if (!mayBeSdk(context, call.expression) || ts.isDecorator(call.parent)) return undefined;
  const name = sdkNameOf(context, call.expression);
  if (name === "implement") return readImplementation(context, call);
  const kind = serviceKinds.get(name ?? "");
  return kind === undefined ? undefined : readDefinition(context, kind, call);
}

/** Without asking for the types of what is called, which takes long: a name, or a member of an import. */
function mayBeSdk({ checker }: ReadContext, callee: ts.Expression): boolean {
  if (ts.isIdentifier(callee)) return true;
  if (!ts.isPropertyAccessExpression(callee) || !ts.isIdentifier(callee.expression)) return false;
  const symbol = checker.getSymbolAtLocation(callee.expression);
  return symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0;
}
