// The durable steps of a handler in the order in which its code asks for them: what invocations in flight are replayed
// against. Functions that the handler hands its context to are read as if they stood in the place of their call.
//   S1. The same code gives the same steps, whatever else is in the project.
//   S2. `complete` is false wherever the context goes where reading does not follow.

import { ts } from "ts-morph";
import type { StepModel, StepsModel } from "../../model/services.js";
import type { HandlerBody } from "../handler-body.js";
import { calleeOf, codeOf, isCode, isFunctionValue, type Code } from "./callees.js";
import { bind, bindMembers, constructorOf, isFollowed, isNested, isWrapping } from "./following.js";
import { boundTo, receiverOf, StepNames, type Bindings } from "./step-names.js";
import { isSdkFile, SdkTypes, unwrapped, type Operation } from "./sdk-types.js";

const deepest = 16;
const mostSteps = 2_000;
const mostBodies = 5_000;

/** What is known while a function is read. */
interface Frame {
  readonly bindings: Bindings;
  /** Promises of the workflow that were asked for: asking again writes nothing. */
  readonly asked: Set<ts.Symbol>;
}

const readers = new WeakMap<ts.TypeChecker, SdkTypes>();

/** What knows the SDK's types in a project. */
export function sdkTypesOf(checker: ts.TypeChecker): SdkTypes {
  let types = readers.get(checker);
  if (types === undefined) {
    types = new SdkTypes(checker);
    readers.set(checker, types);
  }
  return types;
}

export function stepsOf({ node }: HandlerBody): StepsModel {
  const checker = node.getProject().getTypeChecker().compilerObject;
  return new StepReader(sdkTypesOf(checker)).read(node.compilerNode as Code);
}

class StepReader {
  readonly #sdk: SdkTypes;
  readonly #names: StepNames;
  readonly #reading: Code[] = [];
  /** Of these, those that were met again. */
  readonly #repeated = new Set<Code>();
  #complete = true;
  #count = 0;
  #bodies = 0;

  constructor(sdk: SdkTypes) {
    this.#sdk = sdk;
    this.#names = new StepNames(sdk);
  }

  read(code: Code): StepsModel {
    const steps: StepModel[] = [];
    this.#body(code, steps, { bindings: new Map(), asked: new Set() });
    return { steps, complete: this.#complete };
  }

  #body(code: Code, out: StepModel[], frame: Frame): void {
    if (this.#reading.includes(code)) {
      this.#repeated.add(code);
      return;
    }
    if (this.#reading.length >= deepest || ++this.#bodies > mostBodies) {
      this.#complete = false;
      return;
    }
    const before = this.#count;
    this.#reading.push(code);
    for (const { initializer } of code.parameters) {
      if (initializer !== undefined) this.#visit(initializer, out, frame);
    }
    this.#visit(code.body, out, frame);
    if (!ts.isBlock(code.body)) this.#returns(code.body, out, frame);
    this.#reading.pop();
    // How often it calls itself is not known; without steps it does not matter.
    if (this.#repeated.delete(code) && this.#count > before) this.#complete = false;
  }

  #add(out: StepModel[], operation: string, name = "", inner: readonly StepModel[] = []): void {
    if (++this.#count > mostSteps) this.#complete = false;
    else out.push({ operation, name, inner });
  }

  /** Steps inside a form of code, which is left out where there are none. */
  #form(operation: string, out: StepModel[], read: (inner: StepModel[]) => void, name = ""): void {
    const inner: StepModel[] = [];
    read(inner);
    if (inner.length > 0) this.#add(out, operation, name, inner);
  }

  #branch(operation: string, node: ts.Node | undefined, out: StepModel[], frame: Frame): void {
    if (node === undefined) return;
    const { bindings } = frame;
    this.#form(operation, out, (inner) => {
      this.#visit(node, inner, { bindings, asked: new Set(frame.asked) });
    });
  }

  #visit(node: ts.Node, out: StepModel[], frame: Frame): void {
    if (ts.isTypeNode(node) || this.#count > mostSteps) return;
    if (isCode(node)) {
      if (!isFunctionValue(node) && !ts.isMethodDeclaration(node)) return;
      // What is called by its name is read where it is called.
      if (!ts.isVariableDeclaration(node.parent)) this.#callback(node, out, frame);
      return;
    }
    if (ts.isClassLike(node)) return;
    if (ts.isIdentifier(node)) {
      this.#checkEscape(node);
      return;
    }
    if (ts.isCallExpression(node)) {
      this.#call(node, out, frame);
      return;
    }
    if (ts.isNewExpression(node)) {
      this.#new(node, out, frame);
      return;
    }
    if (this.#control(node, out, frame)) return;
    ts.forEachChild(node, (child) => {
      this.#visit(child, out, frame);
    });
    if (ts.isAwaitExpression(node)) this.#waits(node.expression, out, frame);
    if (ts.isReturnStatement(node) && node.expression !== undefined) {
      this.#returns(node.expression, out, frame);
    }
  }

  /** Forms of code around steps. */
  #control(node: ts.Node, out: StepModel[], frame: Frame): boolean {
    if (ts.isIfStatement(node)) {
      this.#visit(node.expression, out, frame);
      this.#branch("if", node.thenStatement, out, frame);
      this.#branch("else", node.elseStatement, out, frame);
    } else if (ts.isConditionalExpression(node)) {
      this.#visit(node.condition, out, frame);
      this.#branch("if", node.whenTrue, out, frame);
      this.#branch("else", node.whenFalse, out, frame);
    } else if (ts.isBinaryExpression(node) && isShortCircuit(node.operatorToken.kind)) {
      this.#visit(node.left, out, frame);
      this.#branch("if", node.right, out, frame);
    } else if (ts.isForStatement(node)) {
      if (node.initializer !== undefined) this.#visit(node.initializer, out, frame);
      this.#loop([node.condition, node.statement, node.incrementor], out, frame);
    } else if (ts.isForOfStatement(node) || ts.isForInStatement(node)) {
      this.#visit(node.expression, out, frame);
      this.#loop([node.statement], out, frame);
    } else if (ts.isWhileStatement(node)) {
      this.#loop([node.expression, node.statement], out, frame);
    } else if (ts.isDoStatement(node)) {
      this.#loop([node.statement, node.expression], out, frame);
    } else if (ts.isSwitchStatement(node)) {
      this.#switch(node, out, frame);
    } else if (ts.isTryStatement(node)) {
      this.#branch("try", node.tryBlock, out, frame);
      this.#branch("catch", node.catchClause?.block, out, frame);
      this.#branch("finally", node.finallyBlock, out, frame);
    } else {
      return false;
    }
    return true;
  }

  #loop(nodes: readonly (ts.Node | undefined)[], out: StepModel[], frame: Frame): void {
    const inside = { bindings: frame.bindings, asked: new Set(frame.asked) };
    this.#form("loop", out, (inner) => {
      for (const node of nodes) if (node !== undefined) this.#visit(node, inner, inside);
    });
  }

  #switch(node: ts.SwitchStatement, out: StepModel[], frame: Frame): void {
    this.#visit(node.expression, out, frame);
    this.#form("switch", out, (cases) => {
      for (const clause of node.caseBlock.clauses) {
        const name = ts.isDefaultClause(clause)
          ? "default"
          : this.#names.text(clause.expression, frame.bindings);
        const inside = { bindings: frame.bindings, asked: new Set(frame.asked) };
        this.#form(
          "case",
          cases,
          (inner) => {
            if (ts.isCaseClause(clause)) this.#visit(clause.expression, inner, inside);
            for (const statement of clause.statements) this.#visit(statement, inner, inside);
          },
          name,
        );
      }
    });
  }

  #callback(code: Code, out: StepModel[], frame: Frame): void {
    this.#form("callback", out, (inner) => {
      this.#body(code, inner, { bindings: frame.bindings, asked: new Set(frame.asked) });
    });
  }

  #call(call: ts.CallExpression, out: StepModel[], frame: Frame): void {
    const operation = this.#sdk.operationOf(call);
    if (operation !== undefined) {
      this.#operation(operation, out, frame);
      return;
    }
    const callee = unwrapped(call.expression);
    const code = this.#bound(callee, frame.bindings) ?? calleeOf(this.#sdk, call);
    if (code !== undefined && isFollowed(this.#sdk, call, code)) {
      if (!isFunctionValue(callee)) this.#visit(call.expression, out, frame);
      for (const argument of call.arguments) {
        if (!isFunctionValue(unwrapped(argument))) this.#visitArgument(argument, out, frame);
      }
      this.#follow(call, code, out, frame);
      return;
    }
    this.#visit(call.expression, out, frame);
    this.#unfollowed(call, out, frame);
  }

  #operation(operation: Operation, out: StepModel[], frame: Frame): void {
    const { call } = operation;
    const receiver = receiverOf(call);
    if (receiver !== undefined) this.#visit(receiver, out, frame);
    const isRun = operation.operation === "run";
    for (const argument of call.arguments) {
      // What runs inside of a step is none itself.
      if (isRun && this.#isFunction(argument)) continue;
      this.#visitArgument(argument, out, frame);
    }
    if (operation.operation === "promise" && !this.#asks(receiver, frame)) return;
    this.#add(out, operation.operation, this.#names.of(operation, frame.bindings));
  }

  #isFunction(expression: ts.Expression): boolean {
    if (isFunctionValue(unwrapped(expression))) return true;
    return this.#sdk.checker.getTypeAtLocation(expression).getCallSignatures().length > 0;
  }

  /** Whether asking for a promise is new. */
  #asks(promise: ts.Expression | undefined, { asked }: Frame): boolean {
    const inner = promise === undefined ? undefined : unwrapped(promise);
    if (inner === undefined || !ts.isIdentifier(inner)) return true;
    const symbol = this.#sdk.symbolOf(inner);
    if (symbol === undefined) return true;
    if (asked.has(symbol)) return false;
    asked.add(symbol);
    return true;
  }

  /** What async functions return is awaited, and so is what the handler returns. */
  #returns(expression: ts.Expression, out: StepModel[], frame: Frame): void {
    const code = this.#reading.at(-1);
    const isAsync =
      code?.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword) ?? false;
    if (isAsync || this.#reading.length === 1) this.#waits(expression, out, frame);
  }

  /** Awaiting a promise of the workflow asks for it. */
  #waits(expression: ts.Expression, out: StepModel[], frame: Frame): void {
    const inner = unwrapped(expression);
    if (!ts.isIdentifier(inner) && !ts.isCallExpression(inner)) return;
    if (!this.#sdk.isWorkflowPromise(this.#sdk.checker.getTypeAtLocation(inner))) return;
    if (!this.#asks(inner, frame)) return;
    this.#add(out, "promise", this.#names.promiseName(inner, frame.bindings));
  }

  /** A function that a parameter was given. */
  #bound(callee: ts.Expression, bindings: Bindings): Code | undefined {
    if (!ts.isIdentifier(callee)) return undefined;
    const given = boundTo(this.#sdk, callee, bindings);
    return given === undefined ? undefined : codeOf(this.#sdk, given);
  }

  #follow(
    call: ts.CallExpression | ts.NewExpression,
    code: Code,
    out: StepModel[],
    frame: Frame,
  ): void {
    const bindings = new Map(frame.bindings);
    const given = call.arguments ?? [];
    for (const [at, parameter] of code.parameters.entries()) {
      const argument = given[at];
      if (argument === undefined) continue;
      if (ts.isObjectBindingPattern(parameter.name))
        bindMembers(this.#sdk, parameter.name, argument, bindings);
      if (!ts.isIdentifier(parameter.name)) continue;
      const isContext = this.#isContext(argument);
      const type = this.#sdk.checker.getTypeAtLocation(parameter);
      if (isContext && !this.#sdk.isContext(type)) this.#complete = false;
      if (!isContext) bind(this.#sdk, parameter.name, argument, bindings);
    }
    // A promise of the workflow is another one behind each parameter.
    this.#body(code, out, { bindings, asked: new Set(frame.asked) });
  }

  #unfollowed(call: ts.CallExpression | ts.NewExpression, out: StepModel[], frame: Frame): void {
    const isSdk = ts.isCallExpression(call) && this.#isSdkFunction(call.expression);
    for (const argument of call.arguments ?? []) {
      if (!isSdk && this.#isContext(argument)) this.#complete = false;
      this.#visitArgument(argument, out, frame);
      const named = unwrapped(argument);
      if (!ts.isIdentifier(named) && !ts.isPropertyAccessExpression(named)) continue;
      const code = this.#bound(named, frame.bindings) ?? codeOf(this.#sdk, named);
      if (code !== undefined && isNested(code)) this.#callback(code, out, frame);
    }
  }

  #new(node: ts.NewExpression, out: StepModel[], frame: Frame): void {
    const symbol = this.#sdk.symbolOf(unwrapped(node.expression));
    const declared = symbol?.valueDeclaration;
    const made =
      declared !== undefined && ts.isClassLike(declared) ? constructorOf(declared) : undefined;
    if (made !== undefined && isFollowed(this.#sdk, node, made)) {
      for (const argument of node.arguments ?? []) this.#visitArgument(argument, out, frame);
      for (const { modifiers } of made.parameters) {
        // A parameter property keeps the context.
        if (modifiers !== undefined) this.#complete = false;
      }
      this.#follow(node, made, out, frame);
      return;
    }
    this.#unfollowed(node, out, frame);
  }

  /** The context itself as an argument is the business of whoever reads the call. */
  #visitArgument(argument: ts.Expression, out: StepModel[], frame: Frame): void {
    if (!ts.isIdentifier(unwrapped(argument))) this.#visit(argument, out, frame);
  }

  #isContext(expression: ts.Expression): boolean {
    const inner = unwrapped(expression);
    if (ts.isLiteralExpression(inner) || isFunctionValue(inner)) return false;
    return this.#sdk.isContext(this.#sdk.checker.getTypeAtLocation(inner));
  }

  #isSdkFunction(callee: ts.Expression): boolean {
    const declaration = this.#sdk.symbolOf(unwrapped(callee))?.declarations?.[0];
    return declaration !== undefined && isSdkFile(declaration.getSourceFile());
  }

  /** A context that is kept somewhere may be used where nobody looks. */
  #checkEscape(node: ts.Identifier): void {
    let outer: ts.Node = node;
    while (isWrapping(outer.parent)) outer = outer.parent;
    const { parent } = outer;
    if (ts.isPropertyAccessExpression(parent) || ts.isVariableDeclaration(parent)) return;
    if (ts.isBindingElement(parent) || ts.isParameter(parent)) return;
    if (ts.isTypeOfExpression(parent) || ts.isExpressionStatement(parent)) return;
    if (ts.isPropertyAssignment(parent) && parent.name === outer) return;
    if (!this.#sdk.isContext(this.#sdk.checker.getTypeAtLocation(node))) return;
    // Given back, as a context, to code that is read.
    if (ts.isArrowFunction(parent) || ts.isReturnStatement(parent)) {
      if (this.#reading.length > 1) return;
    }
    if (ts.isPropertyAssignment(parent) || ts.isShorthandPropertyAssignment(parent)) {
      // As one of several arguments by name, to a function that is followed.
      const call = parent.parent.parent;
      if (ts.isCallExpression(call) && calleeOf(this.#sdk, call) !== undefined) return;
    }
    this.#complete = false;
  }
}

function isShortCircuit(kind: ts.SyntaxKind): boolean {
  return (
    kind === ts.SyntaxKind.AmpersandAmpersandToken ||
    kind === ts.SyntaxKind.BarBarToken ||
    kind === ts.SyntaxKind.QuestionQuestionToken ||
    kind === ts.SyntaxKind.AmpersandAmpersandEqualsToken ||
    kind === ts.SyntaxKind.BarBarEqualsToken ||
    kind === ts.SyntaxKind.QuestionQuestionEqualsToken
  );
}
