// Variables of modules, and fields of service classes, that change while handlers run. They are shared by all
// invocations of the process and gone with it, so a replay meets other values. Reported where code that is replayed
// reads what such code, or a step, changes. What is made once, when it is first needed, does not count as changing.

import { ts } from "ts-morph";
import { isConstant } from "../steps/callees.js";
import { isUserFile, unwrapped, type SdkTypes } from "../steps/sdk-types.js";
import type { Site } from "./site.js";

type Kept = ts.VariableDeclaration | ts.PropertyDeclaration;

interface Read {
  readonly kept: Kept;
  readonly node: ts.Node;
  readonly site: Site;
}

interface Access {
  readonly reads: boolean;
  readonly changes: boolean;
}

const changingMethods = new Set(
  "set add delete clear push pop shift unshift splice sort reverse fill copyWithin".split(" "),
);
const containers = new Set(["Map", "Set", "Array"]);

export class ModuleState {
  readonly #sdk: SdkTypes;
  readonly #services: ReadonlySet<ts.Node>;
  readonly #changed = new Set<Kept>();
  readonly #reads: Read[] = [];
  readonly #reassigned = new Map<ts.SourceFile, ReadonlySet<Kept>>();

  /** @param services  classes of which one instance serves all invocations */
  constructor(sdk: SdkTypes, services: ReadonlySet<ts.Node>) {
    this.#sdk = sdk;
    this.#services = services;
  }

  see(node: ts.Identifier | ts.PropertyAccessExpression, site: Site): void {
    const kept = this.#keptBy(node);
    if (kept === undefined) return;
    // The one instance is made before any handler runs.
    if (ts.isPropertyDeclaration(kept) && ts.isConstructorDeclaration(site.code)) return;
    const access = accessOf(node, kept);
    if (access.changes) this.#changed.add(kept);
    if (access.reads && site.mode === "handler") this.#reads.push({ kept, node, site });
  }

  /** Once everything was seen. */
  report(): void {
    const told = new Map<Kept, Set<ts.Node>>();
    for (const { kept, node, site } of this.#reads) {
      if (!this.#isChanging(kept)) continue;
      const places = told.get(kept) ?? new Set<ts.Node>();
      told.set(kept, places);
      if (places.has(site.code)) continue;
      places.add(site.code);
      const name = kept.name.getText();
      const what = ts.isVariableDeclaration(kept)
        ? `the variable "${name}" of the module`
        : `the field "${name}" of the service, whose instance all invocations share,`;
      site.found({ rule: "moduleState", node, what });
    }
  }

  #isChanging(kept: Kept): boolean {
    if (this.#changed.has(kept)) return true;
    if (!ts.isVariableDeclaration(kept) || isConstant(kept)) return false;
    const file = kept.getSourceFile();
    let reassigned = this.#reassigned.get(file);
    if (reassigned === undefined) {
      reassigned = this.#reassignedIn(file);
      this.#reassigned.set(file, reassigned);
    }
    return reassigned.has(kept);
  }

  #keptBy(node: ts.Identifier | ts.PropertyAccessExpression): Kept | undefined {
    if (ts.isPropertyAccessExpression(node)) {
      if (node.expression.kind !== ts.SyntaxKind.ThisKeyword) return undefined;
      const field = this.#sdk.symbolOf(node)?.valueDeclaration;
      if (field === undefined || !ts.isPropertyDeclaration(field)) return undefined;
      return this.#services.has(field.parent) ? field : undefined;
    }
    const { parent } = node;
    if (ts.isPropertyAccessExpression(parent) && parent.name === node) return undefined;
    const symbol = ts.isShorthandPropertyAssignment(parent)
      ? this.#sdk.checker.getShorthandAssignmentValueSymbol(parent)
      : this.#sdk.symbolOf(node);
    const declaration = symbol?.valueDeclaration;
    if (declaration === undefined || !isOfModule(declaration)) return undefined;
    return declaration;
  }

  /** Variables of a file that its functions assign, but for those that are made when they are first needed. */
  #reassignedIn(file: ts.SourceFile): ReadonlySet<Kept> {
    const found = new Set<Kept>();
    const visit = (node: ts.Node, isInside: boolean): void => {
      if (isInside && ts.isIdentifier(node)) {
        const kept = this.#keptBy(node);
        if (kept !== undefined && accessOf(node, kept).changes) found.add(kept);
      }
      const inside = isInside || ts.isFunctionLike(node);
      ts.forEachChild(node, (child) => {
        visit(child, inside);
      });
    };
    visit(file, false);
    return found;
  }
}

function isOfModule(declaration: ts.Node): declaration is ts.VariableDeclaration {
  if (!ts.isVariableDeclaration(declaration) || !ts.isIdentifier(declaration.name)) return false;
  const statement = declaration.parent.parent;
  if (!ts.isVariableStatement(statement) || !ts.isSourceFile(statement.parent)) return false;
  return isUserFile(statement.parent);
}

function isContainer({ initializer }: Kept): boolean {
  if (initializer === undefined) return false;
  const inner = unwrapped(initializer);
  if (ts.isArrayLiteralExpression(inner) || ts.isObjectLiteralExpression(inner)) return true;
  return ts.isNewExpression(inner) && containers.has(inner.expression.getText());
}

/** What is done with a variable where it is named. */
function accessOf(node: ts.Expression, kept: Kept): Access {
  let whole: ts.Expression = node;
  for (;;) {
    const { parent } = whole;
    if (ts.isNonNullExpression(parent) || ts.isParenthesizedExpression(parent)) whole = parent;
    else if (isAccessOf(parent, whole)) {
      if (ts.isCallExpression(parent.parent) && parent.parent.expression === parent) {
        return ofMethod(parent, parent.parent, kept);
      }
      whole = parent;
    } else break;
  }
  const { parent } = whole;
  if (ts.isDeleteExpression(parent)) return { reads: false, changes: true };
  if (ts.isPrefixUnaryExpression(parent) || ts.isPostfixUnaryExpression(parent)) {
    const { operator } = parent;
    const changes =
      operator === ts.SyntaxKind.PlusPlusToken || operator === ts.SyntaxKind.MinusMinusToken;
    return { reads: !changes || !ts.isExpressionStatement(parent.parent), changes };
  }
  if (!ts.isBinaryExpression(parent) || parent.left !== whole)
    return { reads: true, changes: false };
  const { kind } = parent.operatorToken;
  if (
    kind === ts.SyntaxKind.QuestionQuestionEqualsToken ||
    kind === ts.SyntaxKind.BarBarEqualsToken
  ) {
    return { reads: true, changes: false };
  }
  if (kind < ts.SyntaxKind.FirstAssignment || kind > ts.SyntaxKind.LastAssignment) {
    return { reads: true, changes: false };
  }
  return { reads: false, changes: !isFirstUse(parent, node) };
}

function isAccessOf(
  node: ts.Node,
  expression: ts.Expression,
): node is ts.PropertyAccessExpression | ts.ElementAccessExpression {
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node)) return false;
  return node.expression === expression;
}

function ofMethod(
  callee: ts.PropertyAccessExpression | ts.ElementAccessExpression,
  call: ts.CallExpression,
  kept: Kept,
): Access {
  const name = ts.isPropertyAccessExpression(callee) ? callee.name.text : "";
  const changes = changingMethods.has(name) && isContainer(kept);
  return { reads: !changes || !ts.isExpressionStatement(call.parent), changes };
}

/** `if (client === undefined) client = …`: it is made once, and is the same from then on. */
function isFirstUse(assignment: ts.BinaryExpression, variable: ts.Expression): boolean {
  const name = variable.getText();
  for (let node: ts.Node = assignment; !ts.isSourceFile(node); node = node.parent) {
    if (ts.isFunctionLike(node)) return false;
    if (!ts.isIfStatement(node.parent) || node.parent.thenStatement !== node) continue;
    const condition = unwrapped(node.parent.expression);
    if (ts.isPrefixUnaryExpression(condition)) return condition.operand.getText() === name;
    if (!ts.isBinaryExpression(condition) || condition.left.getText() !== name) continue;
    const { kind } = condition.operatorToken;
    if (
      kind === ts.SyntaxKind.EqualsEqualsEqualsToken ||
      kind === ts.SyntaxKind.EqualsEqualsToken
    ) {
      return true;
    }
  }
  return false;
}
