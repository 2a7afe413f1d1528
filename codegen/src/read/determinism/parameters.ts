// What a function does with a function that it is given: helpers around ctx.run hand theirs to a step.

import { ts } from "ts-morph";
import { calleeOf, isFunctionValue, type Code } from "../steps/callees.js";
import { unwrapped, type SdkTypes } from "../steps/sdk-types.js";

/** "called" outside of steps; "step": in a step alone; "kept" for somebody else. */
export type Use = "called" | "step" | "kept";

export class Parameters {
  readonly #sdk: SdkTypes;
  readonly #known = new Map<Code, Map<number, Use>>();

  constructor(sdk: SdkTypes) {
    this.#sdk = sdk;
  }

  useOf(code: Code, at: number): Use {
    const uses = this.#known.get(code) ?? new Map<number, Use>();
    this.#known.set(code, uses);
    const known = uses.get(at);
    if (known !== undefined) return known;
    // What calls itself is known by its other uses.
    uses.set(at, "kept");
    const use = this.#find(code, at);
    uses.set(at, use);
    return use;
  }

  #find(code: Code, at: number): Use {
    const parameter = code.parameters[at] ?? code.parameters.at(-1);
    if (parameter === undefined || !ts.isIdentifier(parameter.name)) return "kept";
    const { name } = parameter;
    const symbol = this.#sdk.checker.getSymbolAtLocation(name);
    const uses = new Set<Use>();
    const visit = (node: ts.Node): void => {
      if (ts.isIdentifier(node) && node.text === name.text && node !== name) {
        if (this.#sdk.checker.getSymbolAtLocation(node) === symbol) uses.add(this.#useAt(node));
      }
      ts.forEachChild(node, visit);
    };
    visit(code.body);
    if (uses.has("called")) return "called";
    return uses.has("step") ? "step" : "kept";
  }

  #useAt(node: ts.Identifier): Use {
    if (this.#isInStep(node)) return "step";
    let outer: ts.Node = node;
    while (ts.isAsExpression(outer.parent) || ts.isParenthesizedExpression(outer.parent)) {
      outer = outer.parent;
    }
    const { parent } = outer;
    if (!ts.isCallExpression(parent)) return "kept";
    if (parent.expression === outer) return "called";
    const at = parent.arguments.indexOf(outer as ts.Expression);
    if (at < 0) return "called";
    const code = calleeOf(this.#sdk, parent);
    return code === undefined ? "called" : this.useOf(code, at);
  }

  /** Whether a node is the function of a step, or stands in one. */
  #isInStep(node: ts.Node): boolean {
    for (let at = node; !ts.isSourceFile(at); at = at.parent) {
      const { parent } = at;
      if (!ts.isCallExpression(parent) || parent.expression === at) continue;
      if (!isFunctionValue(at) && at !== node) continue;
      if (this.#sdk.operationOf(parent)?.operation === "run") {
        const type = this.#sdk.checker.getTypeAtLocation(unwrapped(at as ts.Expression));
        if (type.getCallSignatures().length > 0) return true;
      } else if (at !== node) {
        const code = calleeOf(this.#sdk, parent);
        const index = parent.arguments.indexOf(at as ts.Expression);
        if (code !== undefined && index >= 0 && this.useOf(code, index) === "step") return true;
      }
    }
    return false;
  }
}
