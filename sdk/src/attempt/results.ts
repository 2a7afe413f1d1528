// From what the code gives to what is recorded.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  FailureSchema,
  OutputCommandSchema,
  type Entry,
  type Failure,
} from "@perdure/proto/protocol/v1/journal";
import { valueOf } from "@perdure/protocol/messages";
import type { HandlerModel, ServiceModel } from "../definitions/model.js";
import { messageOf } from "../errors.js";
import { defaultSerde, type Serde } from "../serde/serde.js";

export function failureOf(error: unknown): Failure {
  const init: MessageInitShape<typeof FailureSchema> = {
    code: codeOf(error),
    message: messageOf(error),
    metadata: metadataOf(error),
  };
  return create(FailureSchema, init);
}

function codeOf(error: unknown): number {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "number" && Number.isInteger(code) && code > 0 ? code : 500;
}

function metadataOf(error: unknown): { name: string; value: string }[] {
  const metadata = error instanceof Error && "metadata" in error ? error.metadata : undefined;
  if (typeof metadata !== "object" || metadata === null) return [];
  return Object.entries(metadata).map(([name, value]) => ({ name, value: String(value) }));
}

/** The serde of a handler's input or output: the handler's, its service's, JSON. */
export function handlerSerde(
  service: ServiceModel,
  handler: HandlerModel,
  direction: "input" | "output",
): Serde<unknown> {
  return (
    handler.options[direction] ?? handler.options.serde ?? service.options.serde ?? defaultSerde()
  );
}

/** @throws TypeError  the value can't be serialised */
export function outputEntry(
  service: ServiceModel,
  handler: HandlerModel,
  value: unknown,
): Entry["body"] {
  let bytes: Uint8Array;
  try {
    bytes = handlerSerde(service, handler, "output").serialize(value);
  } catch (error) {
    throw new TypeError(
      `what ${service.name}/${handler.name} returned can't be serialised: ${messageOf(error)} (PDR2002)`,
      { cause: error },
    );
  }
  const output = create(OutputCommandSchema, { result: { case: "value", value: valueOf(bytes) } });
  return { case: "output", value: output };
}
