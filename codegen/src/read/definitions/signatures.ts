// What a handler's function takes and gives, by its signature.

import { ts } from "ts-morph";
import type { ReadContext } from "../read-context.js";
import type { InputSlot, Slot } from "./found.js";

export interface Slots {
  readonly input: InputSlot | undefined;
  readonly output: Slot;
}

/** Undefined, and reported: the function has several signatures, or none that a handler can have. */
export function slotsOf(
  { checker, diagnostics }: ReadContext,
  signatures: readonly ts.Signature[],
  node: ts.Node,
  what: string,
): Slots | undefined {
  const [signature] = signatures;
  if (signature === undefined || signatures.length > 1) {
    diagnostics.report(node, {
      code: "PDR6008",
      message: `${what} has ${signature === undefined ? "no signature" : "several signatures"}`,
      advice: "write one signature; a union as the type of the parameter can stand for several",
    });
    return undefined;
  }
  if ((signature.typeParameters?.length ?? 0) > 0) {
    diagnostics.report(node, {
      code: "PDR6018",
      message: `${what} has type parameters, which callers in other languages can't choose`,
      advice: "write the types that they stand for",
    });
    return undefined;
  }
  return { input: inputOf(checker, signature, node), output: outputOf(checker, signature, node) };
}

function inputOf(
  checker: ts.TypeChecker,
  signature: ts.Signature,
  node: ts.Node,
): InputSlot | undefined {
  const symbol = signature.parameters[1];
  const parameter = symbol?.valueDeclaration;
  if (symbol === undefined || parameter === undefined || !ts.isParameter(parameter))
    return undefined;
  const isContextual = parameter.type === undefined && parameter.initializer === undefined;
  return {
    name: parameterName(parameter),
    type: checker.getTypeOfSymbolAtLocation(symbol, node),
    typeNode: parameter.type,
    node: parameter.type ?? parameter.name,
    isWritten: !isContextual,
    isOptional: parameter.questionToken !== undefined || parameter.initializer !== undefined,
    parameter,
  };
}

function parameterName({ name }: ts.ParameterDeclaration): string {
  const text = ts.isIdentifier(name) ? name.text.replace(/^_+/, "") : "";
  return text === "" ? "input" : text;
}

function outputOf(checker: ts.TypeChecker, signature: ts.Signature, node: ts.Node): Slot {
  const returned = signature.getReturnType();
  const declaration = signature.declaration as ts.SignatureDeclaration | undefined;
  const written = declaration?.type;
  const typeNode = written === undefined ? undefined : awaitedNode(written);
  return {
    type: checker.getAwaitedType(returned) ?? returned,
    typeNode,
    node: typeNode ?? node,
    isWritten: written !== undefined,
  };
}

/** Of `Promise<T>`: T. */
function awaitedNode(node: ts.TypeNode): ts.TypeNode {
  const [argument] = ts.isTypeReferenceNode(node) ? (node.typeArguments ?? []) : [];
  const isPromise =
    ts.isTypeReferenceNode(node) && /^(?:Promise|PromiseLike)$/.test(node.typeName.getText());
  return isPromise && argument !== undefined ? argument : node;
}
