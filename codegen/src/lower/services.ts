// Services as services of protobuf: one method for each handler, and for workflows Submit, Attach and Output besides.
// What a request and a response have beside the value is an envelope whose fields have the same names and numbers in
// every service: the server finds them by name.

import { Operation, Shape } from "@perdure/proto/typed/v1/typed";
import type { HandlerModel, InputModel, OutputModel, ServiceModel } from "../model/services.js";
import type { Doc, ValueType } from "../model/types.js";
import {
  noDoc,
  type DraftField,
  type DraftMessage,
  type DraftMethod,
  type DraftService,
  type FieldForm,
} from "./draft.js";
import { envelopeField, type EnvelopeName } from "./envelope.js";
import type { Lowering } from "./lowering.js";
import { upperCamelOf } from "../model/names.js";
import { fieldFormOf } from "./value-types.js";

export interface DraftServices {
  readonly services: readonly DraftService[];
  /** Requests and responses, in the order of the methods. */
  readonly messages: readonly DraftMessage[];
}

interface MethodPlan {
  readonly name: string;
  readonly handler: HandlerModel;
  readonly operation: Operation;
  readonly doc: Doc;
  readonly request: readonly EnvelopeName[];
  readonly response: readonly EnvelopeName[];
}

/** What is left of services without what speaks JSON alone. */
export function typedServicesOf(services: readonly ServiceModel[]): ServiceModel[] {
  return services
    .filter(({ jsonOnly }) => jsonOnly !== true)
    .map((service) => ({
      ...service,
      handlers: service.handlers.filter(({ jsonOnly }) => jsonOnly !== true),
    }))
    .filter(({ handlers }) => handlers.length > 0);
}

export function lowerServices(lowering: Lowering, models: readonly ServiceModel[]): DraftServices {
  const messages: DraftMessage[] = [];
  const services = models.map((service): DraftService => {
    const name = upperCamelOf(service.name);
    const methods = service.handlers.flatMap((handler) => plansOf(lowering, service, handler));
    return {
      name,
      contract: service.name,
      doc: docOf(service),
      methods: methods.map((plan) => methodOf(lowering, service, name, plan, messages)),
      origin: { what: `the ${service.kind} ${service.name}`, place: service.place },
    };
  });
  return { services, messages };
}

/** The description of the options, which is what callers are told, wins over JSDoc. */
export function docOf({ doc, options }: ServiceModel | HandlerModel): Doc {
  return options.description === undefined ? doc : { ...doc, text: options.description };
}

const workflowOnly = ["Submit", "Attach", "Output"];

function plansOf(lowering: Lowering, service: ServiceModel, handler: HandlerModel): MethodPlan[] {
  const name = upperCamelOf(handler.name);
  const key: EnvelopeName[] = service.kind === "service" ? [] : ["key"];
  const doc = docOf(handler);
  if (!isNameFree(lowering, service, handler, name)) return [];
  if (handler.kind !== "run") {
    return [
      {
        name,
        handler,
        operation: Operation.CALL,
        doc,
        request: [...key, "input", "idempotency_key", "scope", "limit_key", "delay"],
        response: ["output", "invocation_id", "newly_accepted", "execution_time"],
      },
    ];
  }
  const plan = (
    own: string,
    operation: Operation,
    text: Doc,
    request: EnvelopeName[],
    response: EnvelopeName[],
  ): MethodPlan => ({ name: own, handler, operation, doc: text, request, response });
  return [
    plan(
      name,
      Operation.CALL,
      doc,
      ["key", "input", "scope", "limit_key"],
      ["output", "invocation_id"],
    ),
    plan(
      "Submit",
      Operation.SUBMIT,
      { text: `Starts ${name} and does not wait for it: answered once that is durable.` },
      ["key", "input", "scope", "limit_key", "delay"],
      ["invocation_id", "newly_accepted", "execution_time"],
    ),
    plan(
      "Attach",
      Operation.ATTACH,
      { text: `Waits for the result of ${name}, whoever started it.` },
      ["key", "scope"],
      ["output", "invocation_id"],
    ),
    plan(
      "Output",
      Operation.OUTPUT,
      { text: `The result of ${name} if it has one by now.` },
      ["key", "scope"],
      ["output", "invocation_id", "ready"],
    ),
  ];
}

/** False, and reported: it would be another method. One such error is enough, so it becomes none. */
function isNameFree(
  lowering: Lowering,
  service: ServiceModel,
  handler: HandlerModel,
  method: string,
): boolean {
  const what = `the handler ${handler.name} of ${service.name}`;
  if (service.kind === "workflow" && workflowOnly.includes(method)) {
    lowering.report(
      "PDR6103",
      `${what} would be the method ${method}, which every workflow has already`,
      `rename the handler, such as to ${handler.name}Request, or mark it with @jsonOnly`,
      handler,
    );
    return false;
  }
  if (["then", "__proto__"].includes(handler.name)) {
    lowering.report(
      "PDR6106",
      `${what} can't be a method of a typed client: JavaScript gives "${handler.name}" a meaning of its own`,
      "rename the handler, or mark it with @jsonOnly",
      handler,
    );
  }
  return true;
}

function methodOf(
  lowering: Lowering,
  service: ServiceModel,
  serviceName: string,
  plan: MethodPlan,
  messages: DraftMessage[],
): DraftMethod {
  const { name, handler, operation, doc } = plan;
  const of = `${service.name}/${handler.name}`;
  const place = handler.place;
  const message = (suffix: "Request" | "Response", names: readonly EnvelopeName[]): string => {
    const origin = { what: `the ${suffix.toLowerCase()} of ${of}`, place };
    const fields = names.flatMap((field): DraftField[] => {
      if (field === "input") return inputField(lowering, of, handler.input);
      if (field === "output") return outputField(lowering, of, handler.output);
      return [envelopeField(field, operation, origin)];
    });
    const full = `${serviceName}${name}${suffix}`;
    messages.push({
      name: full,
      doc: noDoc,
      shape: Shape.UNSPECIFIED,
      constants: [],
      fields,
      origin,
    });
    return full;
  };
  return {
    name,
    handler: handler.name,
    operation,
    doc,
    request: message("Request", plan.request),
    response: message("Response", plan.response),
    origin: { what: `the handler ${of}`, place },
  };
}

function inputField(lowering: Lowering, of: string, input: InputModel | undefined): DraftField[] {
  if (input === undefined) return [];
  const origin = { what: `the input of ${of}`, place: input.place };
  const form = fieldFormOf(lowering, valueTypeOf(input), input.optional, origin);
  return [{ name: "input", jsonName: "input", number: 2, form, doc: noDoc, origin }];
}

function outputField(
  lowering: Lowering,
  of: string,
  output: OutputModel | undefined,
): DraftField[] {
  if (output === undefined) return [];
  const origin = { what: `the output of ${of}`, place: output.place };
  const form = withPresence(fieldFormOf(lowering, valueTypeOf(output), output.optional, origin));
  return [{ name: "output", jsonName: "output", number: 1, form, doc: noDoc, origin }];
}

function valueTypeOf({ type, encoding }: InputModel | OutputModel): ValueType {
  return encoding === "bytes" ? { kind: "bytes" } : type;
}

/** A response may come without an output, which must not look like an output of 0 or "". */
function withPresence(form: FieldForm): FieldForm {
  const hidden = form.presence === "implicit" && form.type.kind !== "message";
  return hidden ? { ...form, presence: "optional" } : form;
}
