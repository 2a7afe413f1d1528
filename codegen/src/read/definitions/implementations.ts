// `implement(iface.…(…), { handlers })`: what callers see is the interface's, the code is the implementation's.

import type { ServiceKindName } from "@perdure/protocol/definitions";
import { ts } from "ts-morph";
import type { HandlerKindName } from "../../model/services.js";
import type { ReadContext } from "../read-context.js";
import type { FoundHandler, FoundService } from "./found.js";
import { codeOf, constantOf, membersOf, optionsOf, readName, reportNoCode } from "./functions.js";
import { membersAt, reportUnreadable } from "./options.js";
import { settled, type StaticMember, type StaticMembers } from "./static-values.js";
import { sdkNameOf } from "./symbols.js";

const kinds: ReadonlyMap<string, ServiceKindName> = new Map([
  ["Interfaces.service", "service"],
  ["Interfaces.object", "object"],
  ["Interfaces.workflow", "workflow"],
]);

export function readImplementation(
  context: ReadContext,
  call: ts.CallExpression,
): FoundService | undefined {
  const [descriptor, config] = call.arguments;
  if (descriptor === undefined || config === undefined) return undefined;
  const made = settled(context, descriptor);
  const kind = ts.isCallExpression(made)
    ? kinds.get(sdkNameOf(context, made.expression) ?? "")
    : undefined;
  if (!ts.isCallExpression(made) || kind === undefined) {
    reportUnreadable(context, descriptor, "the interface that is implemented");
    return undefined;
  }
  const [nameNode, descriptors, described] = made.arguments;
  const name = readName(context, nameNode, made, kind);
  const given = membersAt(context, config, "the implementation of an interface");
  if (name === undefined || given === undefined || descriptors === undefined) return undefined;
  const ofInterface = membersAt(context, descriptors, `the handlers of ${name}`);
  const handlers = given.get("handlers");
  const functions = handlers && membersOf(context, handlers, `the handlers of ${name}`);
  if (ofInterface === undefined || functions === undefined) return undefined;
  const ofIt = described && membersAt(context, described, `the options of ${name}`);
  const { symbol, node } = constantOf(call, name);
  return {
    name,
    symbol,
    kind,
    node,
    docs: [node, constantOf(made, name).node],
    options: [...(ofIt === undefined ? [] : [ofIt]), ...optionsOf(context, given, name)],
    handlers: [...ofInterface].flatMap(
      ([handler, member]) =>
        readHandler(context, { name, kind, functions, given }, handler, member) ?? [],
    ),
    handlerNames: [...ofInterface.keys()],
  };
}

interface Owner {
  readonly name: string;
  readonly kind: ServiceKindName;
  readonly functions: StaticMembers;
  readonly given: StaticMembers;
}

function readHandler(
  context: ReadContext,
  owner: Owner,
  name: string,
  { value, property }: StaticMember,
): FoundHandler | undefined {
  const what = `handler ${name} of ${owner.name}`;
  const written = owner.functions.get(name);
  const code = written && codeOf(context, written.value);
  if (code === undefined) {
    reportNoCode(context, written?.property ?? property, what);
    return undefined;
  }
  const descriptor = ts.isExpression(value) ? settled(context, value) : undefined;
  const maker =
    descriptor !== undefined && ts.isCallExpression(descriptor)
      ? sdkNameOf(context, descriptor.expression)
      : undefined;
  if (descriptor === undefined || !ts.isCallExpression(descriptor) || maker === undefined) {
    reportUnreadable(context, value, `the interface of ${what}`);
    return undefined;
  }
  const node = ts.getNameOfDeclaration(property as ts.Declaration) ?? property;
  const [argument] = descriptor.arguments;
  const declared: StaticMembers =
    (argument && membersAt(context, argument, `the interface of ${what}`)) ?? new Map();
  const [input, output, shared] = context.checker.getTypeArguments(
    context.checker.getTypeAtLocation(descriptor) as ts.TypeReference,
  );
  if (input === undefined || output === undefined) return undefined;
  const [inputNode, outputNode] = descriptor.typeArguments ?? [];
  const isShared = shared !== undefined && context.checker.typeToString(shared) === "true";
  const parameter = code.parameters[1];
  return {
    name,
    node,
    docs: [property, written?.property ?? property, code],
    given: givenKind(owner.kind, name, isShared),
    options: handlerOptions(context, owner, name, declared),
    serdes: {
      areSchemas: maker.endsWith(".schemas"),
      input: declared.get("input"),
      output: declared.get("output"),
    },
    code,
    input: {
      name:
        parameter !== undefined && ts.isIdentifier(parameter.name) ? parameter.name.text : "input",
      type: input,
      typeNode: inputNode,
      node: inputNode ?? node,
      isWritten: true,
      isOptional: false,
    },
    output: { type: output, typeNode: outputNode, node: outputNode ?? node, isWritten: true },
  };
}

function givenKind(
  kind: ServiceKindName,
  name: string,
  isShared: boolean,
): HandlerKindName | undefined {
  if (kind === "object") return isShared ? "shared" : "exclusive";
  if (kind === "workflow") return name === "run" ? "run" : "shared";
  return undefined;
}

/** What the implementation says wins over what the interface says. */
function handlerOptions(
  context: ReadContext,
  { name: service, given }: Owner,
  name: string,
  declared: StaticMembers,
): readonly StaticMembers[] {
  const what = `the options of handler ${name} of ${service}`;
  const options = given.get("options");
  const ofService = options && membersOf(context, options, `the options of ${service}`);
  const ofHandlers = ofService?.get("handlers");
  const own = (ofHandlers && membersOf(context, ofHandlers, what))?.get(name);
  const implemented = own && membersOf(context, own, what);
  return [declared, ...(implemented === undefined ? [] : [implemented])];
}
