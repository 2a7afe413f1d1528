// One method's requests and responses: the envelope (key, delays, ids) and inside it the handler's input and output.
// The fields of an envelope are found by their names.

import {
  fromBinary,
  fromJson,
  ScalarType,
  toBinary,
  toJsonString,
  type DescField,
  type DescMethod,
  type JsonValue,
  type Registry,
} from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Handler } from "@perdure/proto/manifest/v1/manifest";
import { errorMessage } from "@perdure/protocol/error-message";
import {
  requestRoles,
  responseRoles,
  rolesOf,
  type RequestRole,
  type ResponseRole,
} from "./envelope.js";
import { checkTexts, plainText, readBack } from "./plain-json.js";
import { Misfit, TranscodeError } from "./transcode-error.js";
import type { TypedRequest, TypedResponse } from "./typed-services.js";
import type { Codecs } from "./transcode/compile.js";
import {
  fieldText,
  takeField,
  writeField,
  type FieldPlan,
  type Slot,
} from "./transcode/field-plan.js";
import {
  checkTextLength,
  cutOff,
  mayHaveLoneSurrogates,
  readTag,
  Reading,
  Writing,
} from "./transcode/passage.js";
import { readText } from "./transcode/scalars.js";
import { readDurationMs, writeTimestampMs } from "./transcode/times.js";
import { isJsonObject } from "./transcode/value-codec.js";
import { utf8Of } from "./utf8.js";

/** What the handler takes or gives. */
interface Payload {
  readonly plan: FieldPlan;
  /** The bytes themselves travel to the handler, not JSON that stands for them. */
  readonly isRaw: boolean;
  /** Its JSON is the same in protobuf's own JSON. */
  readonly isPlain: () => boolean;
}

type Writable<T> = { -readonly [Name in keyof T]: T[Name] };

interface ResponseField {
  readonly tag: number;
  /** With its quotes and colon. */
  readonly key: string;
}

export class MethodCodec {
  readonly #desc: DescMethod;
  readonly #registry: Registry;
  readonly #requestRoles: ReadonlyMap<number, RequestRole>;
  readonly #requestNames: ReadonlyMap<string, RequestRole>;
  readonly #responseFields: ReadonlyMap<ResponseRole, ResponseField>;
  readonly #input: Payload | undefined;
  readonly #output: Payload | undefined;

  /** @throws ContractError  PDR4215, PDR4216 */
  constructor(desc: DescMethod, handler: Handler, codecs: Codecs, registry: Registry) {
    this.#desc = desc;
    this.#registry = registry;
    const request = rolesOf(desc.input, requestRoles);
    const response = rolesOf(desc.output, responseRoles);
    this.#requestRoles = new Map([...request].map(([role, field]) => [field.number, role]));
    this.#requestNames = new Map([...request].map(([role, field]) => [field.jsonName, role]));
    this.#responseFields = new Map(
      [...response].map(([role, field]) => [
        role,
        { tag: tagOf(role, field), key: `${JSON.stringify(field.jsonName)}:` },
      ]),
    );
    const input = request.get("input");
    const output = response.get("output");
    this.#input = input && payloadOf(codecs, input, handler.input?.contentType);
    this.#output = output && payloadOf(codecs, output, handler.output?.contentType);
  }

  /** @throws TranscodeError  PDR3032 */
  readRequest(bytes: Uint8Array): TypedRequest {
    const from = new Reading(bytes);
    return told("PDR3032", from, () => this.#read(from, bytes.length));
  }

  /** @throws TranscodeError  PDR3032 */
  readRequestJson(text: string): TypedRequest {
    const { input } = this.#desc;
    try {
      const json = JSON.parse(text) as JsonValue;
      return this.#readPlain(json, text) ?? this.readRequest(this.#binaryOf(json, text));
    } catch (error) {
      if (error instanceof TranscodeError) throw error;
      const reason = errorMessage(error);
      const what = `the request is not ${input.typeName} as JSON`;
      throw new TranscodeError("PDR3032", "", `${what}: ${reason.slice(0, 500)}`);
    }
  }

  /** @throws TranscodeError  PDR3033 */
  writeResponse(response: TypedResponse): Uint8Array {
    const writer = new BinaryWriter();
    this.#writeOutput(writer, response.output);
    this.#writeRest(writer, response);
    return writer.finish();
  }

  /** @throws TranscodeError  PDR3033 */
  writeResponseJson(response: TypedResponse): string {
    if (this.#output?.isPlain() !== false) return this.#plainResponse(response);
    const { output } = this.#desc;
    const registry = this.#registry;
    const bytes = this.writeResponse(response);
    return toJsonString(output, fromBinary(output, bytes), { registry });
  }

  #read(from: Reading, end: number): TypedRequest {
    const request: Writable<TypedRequest> = {};
    const input = this.#input;
    let slot: Slot;
    let raw: Uint8Array | undefined;
    const { reader, at } = from;
    while (reader.pos < end) {
      const tag = readTag(reader);
      const role = this.#requestRoles.get(tag >>> 3);
      if (role === undefined) {
        reader.skip(tag & 7, tag >>> 3);
        continue;
      }
      at.push(role);
      if (role === "input") {
        if (input?.isRaw === true) raw = takeBytes(from, tag & 7);
        else if (input !== undefined) slot = takeField(from, input.plan, tag & 7, slot);
      } else if (role === "delay") {
        request.delayMs = readDelay(from, tag & 7);
      } else {
        checkDelimited(tag & 7);
        const text = readText(reader);
        if (role !== "key" || text !== "") request[role] = text;
      }
      at.pop();
    }
    if (reader.pos !== end) throw cutOff();
    if (input === undefined) return request;
    at.push("input");
    const body = input.isRaw ? (raw ?? unsetBytes(input.plan)) : jsonBytes(from, input.plan, slot);
    if (body !== undefined) request.input = body;
    at.pop();
    return request;
  }

  #binaryOf(json: JsonValue, text: string): Uint8Array {
    const { input } = this.#desc;
    const registry = this.#registry;
    if (mayHaveLoneSurrogates(text)) checkTexts(json);
    return toBinary(input, fromJson(input, json, { registry, ignoreUnknownFields: true }));
  }

  /**
   * The short way for requests whose JSON is the handler's own: they are written as protobuf in the strict way that
   * outputs are. Undefined: it is not so, or not as simple (left-out defaults, other names, null), so that protobuf's
   * rules have to say what it is.
   */
  #readPlain(json: JsonValue, text: string): TypedRequest | undefined {
    if (!isJsonObject(json)) return undefined;
    const request: Writable<TypedRequest> = {};
    let given: unknown;
    for (const [name, value] of Object.entries(json)) {
      const role = this.#requestNames.get(name);
      if (role === "input") given = value;
      else if (role === undefined || role === "delay" || typeof value !== "string")
        return undefined;
      else if (role !== "key" || value !== "") request[role] = value;
    }
    const input = this.#input;
    if (mayHaveLoneSurrogates(text) || input?.isPlain() === false) return undefined;
    if (input === undefined) return request;
    const body = plainText(input.plan, given, text);
    if (body === undefined) return undefined;
    request.input = Buffer.from(body);
    return request;
  }

  #writeOutput(writer: BinaryWriter, output: Uint8Array | undefined): void {
    const payload = this.#output;
    if (payload === undefined || output === undefined) return;
    const { plan, isRaw } = payload;
    if (isRaw) {
      if (output.length > 0 || plan.unset === "absent") writeBytes(writer, plan.number, output);
      return;
    }
    const text = textOf(output);
    const to = new Writing(writer, text, "drop");
    to.at.push("output");
    told("PDR3033", to, () => {
      writeField(to, plan, text === "" ? undefined : parsed(text));
    });
  }

  #writeRest(writer: BinaryWriter, response: TypedResponse): void {
    for (const [role, { tag }] of this.#responseFields) {
      if (role === "output" || isUnset(response[valueNames[role]])) continue;
      writer.uint32(tag);
      if (role === "invocationId") writer.string(response.invocationId);
      else if (role !== "executionTime") writer.bool(true);
      else {
        writer.fork();
        writeTimestampMs(writer, response.executionTimeMs ?? 0);
        writer.join();
      }
    }
  }

  /** The same as protobuf's JSON, where the handler's JSON is that already: checked and in order, as if binary. */
  #plainResponse(response: TypedResponse): string {
    const writer = new BinaryWriter();
    this.#writeOutput(writer, response.output);
    // Without an output (it is not ready, or not waited for) nothing is missing, whatever the type asks for.
    const plan = response.output === undefined ? undefined : this.#output?.plan;
    const output = plan && readBack(plan, writer.finish());
    let text = "";
    for (const [role, { key }] of this.#responseFields) {
      const value = role === "output" ? output : restText(role, response);
      if (value !== undefined) text += `${text === "" ? "{" : ","}${key}${value}`;
    }
    return text === "" ? "{}" : `${text}}`;
  }
}

const valueNames = {
  invocationId: "invocationId",
  newlyAccepted: "newlyAccepted",
  ready: "ready",
  executionTime: "executionTimeMs",
} as const;

function isUnset(value: string | boolean | number | undefined): boolean {
  return value === undefined || value === false || value === "";
}

/** JSON text. Undefined: unset. */
function restText(
  role: Exclude<ResponseRole, "output">,
  response: TypedResponse,
): string | undefined {
  const value = response[valueNames[role]];
  if (isUnset(value)) return undefined;
  return JSON.stringify(typeof value === "number" ? new Date(value) : value);
}

function payloadOf(codecs: Codecs, field: DescField, contentType: string | undefined): Payload {
  const isBytes = field.fieldKind === "scalar" && field.scalar === ScalarType.BYTES;
  const isRaw = isBytes && isOtherThanJson(contentType ?? "");
  let known: boolean | undefined;
  // Looked for when it is asked for: it goes through all of the type.
  const isPlain = (): boolean => (known ??= !isRaw && codecs.isPlain(field));
  return { plan: codecs.fieldPlan(field, undefined), isRaw, isPlain };
}

/** A handler that takes one certain type which is not JSON takes bytes as they are. */
function isOtherThanJson(contentType: string): boolean {
  const essence = (contentType.split(";")[0] ?? "").trim().toLowerCase();
  if (essence === "" || essence.includes("*")) return false;
  return essence !== "application/json" && !essence.endsWith("+json");
}

function tagOf(role: ResponseRole, { number }: DescField): number {
  const isBool = role === "newlyAccepted" || role === "ready";
  const wireType = isBool ? WireType.Varint : WireType.LengthDelimited;
  return ((number << 3) | wireType) >>> 0;
}

// ---- reading

function takeBytes({ reader }: Reading, wireType: number): Uint8Array {
  checkDelimited(wireType);
  return reader.bytes();
}

/** Bytes without presence are empty where they are not on the wire. */
function unsetBytes({ unset }: FieldPlan): Uint8Array | undefined {
  return unset === "always" ? new Uint8Array() : undefined;
}

function jsonBytes(from: Reading, plan: FieldPlan, slot: Slot): Uint8Array | undefined {
  const text = fieldText(from, plan, slot);
  if (text === undefined) return undefined;
  checkTextLength(text.length);
  return Buffer.from(text);
}

function readDelay(from: Reading, wireType: number): number {
  checkDelimited(wireType);
  const end = from.end();
  const delayMs = readDurationMs(from, end);
  if (from.reader.pos !== end) throw cutOff();
  if (delayMs < 0) throw new Misfit("is negative");
  return delayMs;
}

function checkDelimited(wireType: number): void {
  if (wireType === Number(WireType.LengthDelimited)) return;
  throw new Misfit("is of another type on the wire than in the contract");
}

// ---- writing

function writeBytes(writer: BinaryWriter, number: number, bytes: Uint8Array): void {
  writer.uint32(((number << 3) | WireType.LengthDelimited) >>> 0).bytes(bytes);
}

function textOf(bytes: Uint8Array): string {
  const text = utf8Of(bytes);
  if (text === undefined) throw notOutput("output", "is not valid UTF-8");
  return text;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Misfit("is not JSON");
  }
}

/** Does it, and tells what is wrong of the place where it is. */
function told<T>(code: TranscodeError["code"], passage: Reading | Writing, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const { path } = passage;
    if (code === "PDR3033" && error instanceof Misfit) throw notOutput(path, error.message);
    // What the reader of the protobuf library throws: the bytes end too early, a number has no end.
    if (!(error instanceof Error) || error instanceof TypeError) throw error;
    if (code === "PDR3033") throw error;
    const why = error instanceof Misfit ? error.message : `is not valid protobuf: ${error.message}`;
    const what = path === "" ? "the request" : `the request's ${path}`;
    throw new TranscodeError(code, path, `${what} ${why}`);
  }
}

function notOutput(path: string, why: string): TranscodeError {
  return new TranscodeError(
    "PDR3033",
    path,
    `what the handler gave does not fit its type: ${path} ${why}. The result is kept as it is: read it over the JSON route`,
  );
}
