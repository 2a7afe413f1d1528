// Walks the code that handlers reach and hands it to the checks.
//   R1. What runs inside of a step is not replayed: there, only the use of the context is of interest, and what it changes
//       for others.
//   R2. A function that is called, or given to somebody who calls it, is part of the code; one that is kept as data (a
//       compensation) only if it uses the context, for then it can be no step's.
//   R3. Each function is walked once in each mode, with the first handler that reaches it.

import { ts } from "ts-morph";
import {
  calleeOf,
  codeOf,
  isCode,
  isFunctionValue,
  nameOfCode,
  type Code,
} from "../steps/callees.js";
import { unwrapped, type Operation, type SdkTypes } from "../steps/sdk-types.js";
import { checkCatchMethod, checkTry } from "./catches.js";
import { asksContext } from "./durable-code.js";
import { ModuleState } from "./module-state.js";
import { isLogged } from "./logging.js";
import { checkCall, checkName } from "./outside-world.js";
import { Parameters } from "./parameters.js";
import { checkCombination, checkForEach, checkStatement, checkVariable } from "./promises.js";
import type { RuleName } from "./rules.js";
import { quoted, type Finding, type Mode, type Site } from "./site.js";

export interface Root {
  readonly code: Code;
  /** "Signup/run". */
  readonly handler: string;
}

/** What may differ in a line of a log. */
const harmlessInLogs: ReadonlySet<RuleName> = new Set([
  "clock",
  "random",
  "process",
  "moduleState",
]);

/** Methods that keep what they are given. */
const keeping = new Set(["push", "unshift", "set", "add", "concat", "with", "fill", "splice"]);

export class Reach {
  readonly findings: Finding[] = [];
  /** Files that have code of handlers. */
  readonly files: Set<ts.SourceFile> = new Set();
  readonly #sdk: SdkTypes;
  readonly #parameters: Parameters;
  readonly #state: ModuleState;
  readonly #seen: Readonly<Record<Mode, Set<Code>>> = { handler: new Set(), step: new Set() };
  readonly #ahead: Site[] = [];
  readonly #roots = new Set<Code>();

  constructor(sdk: SdkTypes, roots: readonly Root[]) {
    this.#sdk = sdk;
    this.#parameters = new Parameters(sdk);
    const services = new Set(roots.map(({ code }) => code.parent).filter(ts.isClassLike));
    this.#state = new ModuleState(sdk, services);
    for (const { code } of roots) this.#roots.add(code);
    for (const { code, handler } of roots) this.#enter(code, { handler, mode: "handler" });
  }

  walk(): void {
    for (let site = this.#ahead.shift(); site !== undefined; site = this.#ahead.shift()) {
      this.files.add(site.code.getSourceFile());
      this.#function(site.code, site);
    }
    this.#state.report();
  }

  #enter(code: Code, { handler, mode }: { handler: string; mode: Mode }): void {
    if (this.#seen[mode].has(code)) return;
    this.#seen[mode].add(code);
    const site: Site = {
      sdk: this.#sdk,
      mode,
      code,
      handler,
      ...(this.#roots.has(code) ? {} : { within: nameOfCode(code) }),
      found: (finding) => {
        if (!harmlessInLogs.has(finding.rule) || !isLogged(finding.node)) {
          this.findings.push({ ...finding, site });
        }
      },
    };
    this.#ahead.push(site);
  }

  #function(code: Code, site: Site): void {
    for (const parameter of code.parameters) this.#visit(parameter, site);
    if (ts.isConstructorDeclaration(code)) {
      for (const member of code.parent.members) this.#initializer(member, site);
    }
    this.#visit(code.body, site);
  }

  /** Fields are made by the constructor. */
  #initializer(member: ts.ClassElement, site: Site): void {
    if (!ts.isPropertyDeclaration(member) || member.initializer === undefined) return;
    const isStatic = member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
    if (isStatic !== true) this.#visit(member.initializer, site);
  }

  #visit(node: ts.Node, site: Site): void {
    if (ts.isTypeNode(node) || ts.isClassLike(node)) return;
    if (isCode(node)) {
      this.#keptFunction(node, site);
      return;
    }
    if (ts.isIdentifier(node)) this.#name(node, site);
    else if (ts.isCallExpression(node)) return this.#call(node, site);
    else if (ts.isNewExpression(node)) return this.#new(node, site);
    else if (ts.isPropertyAccessExpression(node)) {
      this.#member(node, site);
      this.#visit(node.expression, site);
      return;
    }
    if (ts.isTaggedTemplateExpression(node)) this.#reachNamed(node.tag, site);
    if (site.mode === "handler") this.#check(node, site);
    else if (ts.isAwaitExpression(node)) this.#awaitInStep(node, site);
    ts.forEachChild(node, (child) => {
      this.#visit(child, site);
    });
  }

  #check(node: ts.Node, site: Site): void {
    if (ts.isTryStatement(node)) checkTry(node, site);
    else if (ts.isExpressionStatement(node)) checkStatement(node, site);
    else if (ts.isVariableDeclaration(node)) checkVariable(node, site);
    else if (ts.isForOfStatement(node) && node.awaitModifier !== undefined) {
      const type = this.#sdk.checker.getTypeAtLocation(node.expression);
      if (this.#sdk.checker.getIndexTypeOfType(type, ts.IndexKind.Number) !== undefined) return;
      const what = `for await (… of ${quoted(node.expression)})`;
      site.found({ rule: "order", node, what });
    }
  }

  #name(node: ts.Identifier, site: Site): void {
    const { parent } = node;
    if (isDeclaredName(node)) return;
    if (!ts.isPropertyAccessExpression(parent) || parent.name !== node) {
      if (site.mode === "handler") checkName(node, site);
      this.#state.see(node, site);
    }
  }

  #member(node: ts.PropertyAccessExpression, site: Site): void {
    if (site.mode === "handler") checkName(node, site);
    if (node.expression.kind === ts.SyntaxKind.ThisKeyword) this.#state.see(node, site);
    // What a getter does is done here.
    const symbol = this.#sdk.symbolOf(node);
    if (symbol === undefined || (symbol.flags & ts.SymbolFlags.GetAccessor) === 0) return;
    const getter = symbol.declarations?.find(ts.isGetAccessorDeclaration);
    if (getter !== undefined && isCode(getter)) this.#reach(getter, site);
  }

  #call(call: ts.CallExpression, site: Site): void {
    const operation = this.#sdk.operationOf(call);
    if (site.mode === "handler") {
      checkCall(call, site);
      checkCombination(call, site);
      checkForEach(call, site);
      checkCatchMethod(call, site);
    } else {
      this.#useInStep(call, operation, site);
    }
    const callee = unwrapped(call.expression);
    const code = operation === undefined ? calleeOf(this.#sdk, call) : undefined;
    // A function that is called on the spot.
    if (isFunctionValue(callee)) this.#function(callee as Code, site);
    else {
      if (code !== undefined) this.#reach(code, site);
      this.#visit(call.expression, site);
    }
    const isRun = operation?.operation === "run";
    for (const [at, argument] of call.arguments.entries()) {
      if (isRun && this.#isAction(argument)) this.#given(argument, { ...site, mode: "step" });
      else this.#argument(argument, call, at, code, site);
    }
  }

  #isAction(argument: ts.Expression): boolean {
    if (isFunctionValue(unwrapped(argument))) return true;
    return this.#sdk.checker.getTypeAtLocation(argument).getCallSignatures().length > 0;
  }

  #argument(
    argument: ts.Expression,
    call: ts.CallExpression | ts.NewExpression,
    at: number,
    code: Code | undefined,
    site: Site,
  ): void {
    const inner = unwrapped(argument);
    const given = codeOf(this.#sdk, inner);
    if (given === undefined) {
      this.#visit(argument, site);
      return;
    }
    const use = code === undefined ? this.#useBy(call) : this.#parameters.useOf(code, at);
    if (use === "kept") {
      if (isFunctionValue(inner)) this.#keptFunction(given, site);
      else if (asksContext(given, this.#sdk)) this.#reach(given, site);
    } else this.#given(inner, use === "step" ? { ...site, mode: "step" } : site);
  }

  /** What somebody whose code is not the user's does with a function. */
  #useBy(call: ts.CallExpression | ts.NewExpression): "called" | "kept" {
    const callee = unwrapped(call.expression);
    const isKeeping = ts.isPropertyAccessExpression(callee) && keeping.has(callee.name.text);
    return isKeeping ? "kept" : "called";
  }

  /** A function that is run in this mode: written here, or named. */
  #given(expression: ts.Expression, site: Site): void {
    const inner = unwrapped(expression);
    if (isFunctionValue(inner)) {
      // Written here: it is part of the function around it, in this mode or in the other.
      this.#function(inner as Code, site);
      return;
    }
    this.#visit(inner, site);
    this.#reachNamed(inner, site);
  }

  #reachNamed(expression: ts.Expression, site: Site): void {
    const code = codeOf(this.#sdk, expression);
    if (code !== undefined) this.#reach(code, site);
  }

  #reach(code: Code, { handler, mode }: Site): void {
    this.#enter(code, { handler, mode });
  }

  /** A function as data. */
  #keptFunction(code: Code, site: Site): void {
    if (ts.isFunctionDeclaration(code)) return;
    // It is reached by the name of its constant.
    if (ts.isVariableDeclaration(code.parent)) return;
    if (asksContext(code, this.#sdk)) this.#function(code, site);
  }

  #new(node: ts.NewExpression, site: Site): void {
    if (site.mode === "handler") checkCall(node, site);
    const declared = this.#sdk.symbolOf(unwrapped(node.expression))?.valueDeclaration;
    let made: Code | undefined;
    if (declared !== undefined && ts.isClassLike(declared)) {
      for (const member of declared.members) {
        if (ts.isConstructorDeclaration(member) && isCode(member)) made = member;
      }
      if (made !== undefined) this.#reach(made, site);
      else if (!declared.getSourceFile().isDeclarationFile) {
        for (const member of declared.members) this.#initializer(member, site);
      }
    }
    this.#visit(node.expression, site);
    for (const [at, argument] of (node.arguments ?? []).entries()) {
      this.#argument(argument, node, at, made, site);
    }
  }

  #useInStep(call: ts.CallExpression, operation: Operation | undefined, site: Site): void {
    if (operation !== undefined) {
      site.found({ rule: "contextInStep", node: call, what: `${quoted(call.expression)}(…)` });
      return;
    }
    const member = this.#sdk.memberOf(call.expression);
    if (member !== "Rand.random" && member !== "Rand.uuidv4") return;
    site.found({
      rule: "contextInStep",
      node: call,
      what: quoted(call),
      severity: "warning",
      why: "draws inside a step, which does not run again on replay: what is drawn after it is another number then",
      advice: "draw before ctx.run, and use what was drawn in the step",
    });
  }

  #awaitInStep({ expression }: ts.AwaitExpression, site: Site): void {
    const inner = unwrapped(expression);
    if (ts.isCallExpression(inner) && this.#sdk.operationOf(inner) !== undefined) return;
    if (!this.#sdk.isDurable(this.#sdk.checker.getTypeAtLocation(inner))) return;
    site.found({
      rule: "contextInStep",
      node: inner,
      what: `await ${quoted(inner)}`,
      why: "waits for a durable promise inside a step, which does not run again on replay",
      advice: "await it before ctx.run, and give the step its value",
    });
  }
}

/** The name that a declaration gives, as opposed to one that is used. */
function isDeclaredName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isShorthandPropertyAssignment(parent)) return false;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isBindingElement(parent)) return parent.name === node || parent.propertyName === node;
  if (
    ts.isVariableDeclaration(parent) ||
    ts.isParameter(parent) ||
    ts.isPropertyAssignment(parent)
  ) {
    return parent.name === node;
  }
  return ts.isFunctionLike(parent) || ts.isLabeledStatement(parent) || ts.isJsxAttribute(parent);
}
