// Service types that were found, as plain data.

import { ts } from "ts-morph";
import { upperCamelOf } from "../model/names.js";
import type {
  Encoding,
  HandlerKindName,
  HandlerModel,
  InputModel,
  OutputModel,
  ServiceModel,
  StepsModel,
} from "../model/services.js";
import type { FoundHandler, FoundService, Slot } from "./definitions/found.js";
import { mergedMembers, readMetadata, readOptions } from "./definitions/options.js";
import { checkedKindOf, checkService } from "./definitions/rules.js";
import { schemaInputOf, serdeFormOf, type SerdeForm } from "./definitions/serdes.js";
import { docOf } from "./docs.js";
import { compilerPlaceOf } from "./places.js";
import { checkNumberTag, numberFormOf } from "./types/number-form.js";
import type { Spot } from "./types/spot.js";
import type { TypeReader } from "./types/type-reader.js";

/** The steps of a handler, by its code. */
export type ReadSteps = (
  service: FoundService,
  handler: FoundHandler,
  kind: HandlerKindName,
) => StepsModel;

export function readService(
  reader: TypeReader,
  service: FoundService,
  readSteps: ReadSteps,
): ServiceModel {
  const { context } = reader;
  const { name, symbol, kind, node } = service;
  const { doc, jsonOnly } = docOf(...service.docs);
  const options = mergedMembers(service.options);
  checkService(context, service);
  return {
    name,
    symbol,
    kind,
    doc,
    metadata: readMetadata(context, options, name),
    options: readOptions(context, options, name),
    handlers: service.handlers.flatMap((handler) => {
      const handlerKind = checkedKindOf(context, service, handler);
      if (handlerKind === undefined) return [];
      return [
        readHandler(reader, service, handler, jsonOnly, {
          kind: handlerKind,
          steps: readSteps(service, handler, handlerKind),
        }),
      ];
    }),
    place: compilerPlaceOf(node, context.cwd),
    ...(jsonOnly ? { jsonOnly } : {}),
  };
}

function readHandler(
  reader: TypeReader,
  service: FoundService,
  handler: FoundHandler,
  isJsonOnly: boolean,
  rest: Pick<HandlerModel, "kind" | "steps">,
): HandlerModel {
  const { context } = reader;
  const { doc, renamedFrom, jsonOnly } = docOf(...handler.docs);
  const what = `handler ${handler.name} of ${service.name}`;
  const options = mergedMembers(handler.options);
  const isUntyped = isJsonOnly || jsonOnly;
  const input = isUntyped ? undefined : readInput(reader, service, handler);
  const output = isUntyped ? undefined : readOutput(reader, service, handler);
  return {
    name: handler.name,
    ...rest,
    doc,
    metadata: readMetadata(context, options, what),
    options: readOptions(context, options, what),
    ...(input === undefined ? {} : { input }),
    ...(output === undefined ? {} : { output }),
    place: compilerPlaceOf(handler.node, context.cwd),
    ...(renamedFrom === undefined ? {} : { renamedFrom }),
    ...(isUntyped ? { jsonOnly: true } : {}),
  };
}

type Direction = "input" | "output";

/** As the SDK picks it: the handler's for the direction, the handler's, the service's. */
function formOf(
  reader: TypeReader,
  service: FoundService,
  handler: FoundHandler,
  direction: Direction,
): SerdeForm {
  const { serdes } = handler;
  const own = mergedMembers(handler.options);
  const ofInterface = serdes?.[direction];
  const declared =
    ofInterface ??
    (serdes === undefined ? own.get(direction) : undefined) ??
    own.get("serde") ??
    mergedMembers(service.options).get("serde");
  return serdeFormOf(
    reader.context,
    declared,
    serdes?.areSchemas === true && ofInterface !== undefined,
  );
}

function readInput(
  reader: TypeReader,
  service: FoundService,
  handler: FoundHandler,
): InputModel | undefined {
  const { context } = reader;
  const { input } = handler;
  const form = formOf(reader, service, handler, "input");
  if (input === undefined || form.kind === "empty") return undefined;
  const { name, isOptional, parameter } = input;
  const spot: Spot = {
    ...spotOf(service, handler, "input", input),
    ...(parameter === undefined ? {} : { numberForm: numberFormOf(context, parameter) }),
  };
  const value = readSlot(reader, sentTo(reader, form, input), spot, form);
  if (value === undefined) return undefined;
  checkNumberTag(reader, docOf(parameter).protoType, spot.what, value.type);
  return {
    ...value,
    name,
    optional: value.optional || isOptional,
    place: compilerPlaceOf(input.node, context.cwd),
  };
}

/** What callers send, where the schema takes other values than it gives: defaults, transforms. */
function sentTo({ context }: TypeReader, form: SerdeForm, input: Slot): Slot {
  if (form.kind !== "schema") return input;
  const type = schemaInputOf(context, form.schema);
  if (type === undefined) return input;
  const { checker } = context;
  // A schema that is declared by what it gives: z.ZodType<User>.
  const saysNothing = isAnything(type);
  const isSame =
    !isAnything(input.type) &&
    checker.isTypeAssignableTo(type, input.type) &&
    checker.isTypeAssignableTo(input.type, type);
  // As the handler has it, where that is the same: it may have a name there.
  return isSame || (saysNothing && input.isWritten)
    ? { ...input, isWritten: true }
    : { ...input, type, typeNode: undefined, isWritten: true };
}

function isAnything({ flags }: ts.Type): boolean {
  return (flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) !== 0;
}

function readOutput(
  reader: TypeReader,
  service: FoundService,
  handler: FoundHandler,
): OutputModel | undefined {
  const { output } = handler;
  const form = formOf(reader, service, handler, "output");
  if (form.kind === "empty") return undefined;
  const spot = spotOf(service, handler, "output", output);
  const value = readSlot(reader, output, spot, form);
  return value && { ...value, place: compilerPlaceOf(output.node, reader.context.cwd) };
}

function spotOf(
  service: FoundService,
  handler: FoundHandler,
  direction: Direction,
  { node, typeNode }: Slot,
): Spot {
  const suffix = direction === "input" ? "Input" : "Output";
  return {
    what: `the ${direction} of ${service.name}.${handler.name}`,
    name: upperCamelOf(service.name) + upperCamelOf(handler.name) + suffix,
    node,
    typeNode,
  };
}

interface SlotRead {
  readonly type: InputModel["type"];
  readonly optional: boolean;
  readonly encoding: Encoding;
}

function readSlot(
  reader: TypeReader,
  { type, isWritten }: Slot,
  spot: Spot,
  form: SerdeForm,
): SlotRead | undefined {
  if (form.kind === "bytes") return { type: { kind: "bytes" }, optional: false, encoding: "bytes" };
  if (form.kind === "other") {
    reader.context.diagnostics.report(form.node, {
      code: "PDR6009",
      message: `${spot.what} has a serde of which only the code knows what it writes`,
      advice:
        "use serde.json, serde.schema, serde.binary or serde.empty, or leave the handler out of what is typed with the JSDoc tag @jsonOnly",
    });
    return undefined;
  }
  const value = reader.read(type, { ...spot, isInferred: !isWritten });
  return value && { ...value, encoding: "json" };
}
