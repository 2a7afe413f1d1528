// From descriptors to codecs: what the options of perdure.typed.v1 say of each message and field, checked once.
//   M1. Types may be recursive: a message's codec is there before its fields are compiled, and they are compiled when
//       they are needed first, or all at once where a contract is checked.

import { getOption, type DescEnum, type DescField, type DescMessage } from "@bufbuild/protobuf";
import {
  field as fieldForm,
  message as messageForm,
  Shape,
  type Constant,
  type FieldForm,
} from "@perdure/proto/typed/v1/typed";
import { ContractError } from "../contract-error.js";
import { Misfit } from "../transcode-error.js";
import { enumCodec } from "./enums.js";
import type { FieldPlan } from "./field-plan.js";
import {
  FieldTable,
  loneFieldCodec,
  objectCodec,
  tupleCodec,
  unionCodec,
  type ConstantMember,
  type FieldsOf,
} from "./message-codecs.js";
import { scalarCodec } from "./scalars.js";
import { durationCodec, timestampCodec } from "./times.js";
import {
  isJsonObject,
  type MessageCodec,
  type ScalarCodec,
  type ValueCodec,
} from "./value-codec.js";

/** What protobuf's own files define and JSON has a form for. The others have none here. */
const wellKnown: ReadonlyMap<string, MessageCodec | Shape> = new Map<string, MessageCodec | Shape>([
  ["google.protobuf.Timestamp", timestampCodec],
  ["google.protobuf.Duration", durationCodec],
  ["google.protobuf.Value", Shape.UNION],
  ["google.protobuf.ListValue", Shape.LIST],
  ["google.protobuf.Struct", Shape.MAP],
  ["google.protobuf.Empty", Shape.UNSPECIFIED],
]);

interface Form {
  readonly shape: Shape;
  readonly constants: readonly ConstantMember[];
}

/** Each is compared with each object that may be of the type. */
const constantsMax = 100;

export class Codecs {
  readonly #codecs = new Map<DescMessage, MessageCodec>();
  readonly #tables = new Map<DescMessage, FieldTable>();
  readonly #enums = new Map<DescEnum, ScalarCodec>();
  readonly #forms = new Map<DescMessage, Form>();
  readonly #checked = new Set<DescMessage>();

  /**
   * Compiles everything that the field leads to.
   * @throws ContractError
   */
  check(root: DescField): void {
    this.fieldPlan(root, undefined);
    const waiting: DescMessage[] = root.message === undefined ? [] : [root.message];
    for (let message = waiting.pop(); message !== undefined; message = waiting.pop()) {
      if (this.#checked.has(message)) continue;
      this.#checked.add(message);
      this.#messageCodec(message);
      // Read by a codec of its own: its fields are not compiled.
      if (typeof wellKnown.get(message.typeName) === "object") continue;
      this.#table(message);
      for (const { message: next } of message.fields) {
        if (next !== undefined) waiting.push(next);
      }
    }
  }

  /** Whether what the field holds is the same in protobuf's own JSON and in the handler's. */
  isPlain(root: DescField): boolean {
    const seen = new Set<DescMessage>();
    const waiting: DescField[] = [root];
    for (let field = waiting.pop(); field !== undefined; field = waiting.pop()) {
      if (field.enum !== undefined || formOf(field).number) return false;
      const { message } = field;
      if (message === undefined || seen.has(message) || wellKnown.has(message.typeName)) continue;
      seen.add(message);
      const { shape, constants } = this.#form(message);
      if (shape !== Shape.UNSPECIFIED || constants.length > 0) return false;
      waiting.push(...message.fields);
    }
    return true;
  }

  /** @throws ContractError */
  fieldPlan(field: DescField, step: string | number | undefined): FieldPlan {
    try {
      const codec = this.#codecOf(field);
      return {
        number: field.number,
        step,
        cardinality: cardinalityOf(field),
        codec,
        unset: unsetOf(field, codec),
        packed: field.fieldKind === "list" && field.packed,
        oneof: field.oneof === undefined ? -1 : field.parent.oneofs.indexOf(field.oneof),
      };
    } catch (error) {
      if (!(error instanceof Misfit)) throw error;
      throw new ContractError("PDR4215", `${field.parent.typeName}.${field.name} ${error.message}`);
    }
  }

  #codecOf(field: DescField): ValueCodec {
    if (field.fieldKind === "map" && field.mapKey !== stringType) {
      throw new Misfit("has keys that are no strings, which JSON objects can't have");
    }
    if (field.message !== undefined) return this.#messageCodec(field.message);
    if (field.enum !== undefined) return this.#enumCodec(field.enum);
    if (field.scalar === undefined) throw new Misfit("has no type");
    return scalarCodec(field.scalar, formOf(field).number);
  }

  #enumCodec(desc: DescEnum): ScalarCodec {
    const known = this.#enums.get(desc);
    if (known !== undefined) return known;
    const made = enumCodec(desc);
    this.#enums.set(desc, made);
    return made;
  }

  #messageCodec(desc: DescMessage): MessageCodec {
    const known = this.#codecs.get(desc);
    if (known !== undefined) return known;
    const made = this.#newCodec(desc);
    this.#codecs.set(desc, made);
    return made;
  }

  #newCodec(desc: DescMessage): MessageCodec {
    const own = wellKnown.get(desc.typeName);
    if (typeof own === "object") return own;
    if (own === undefined && desc.typeName.startsWith("google.protobuf.")) {
      throw new Misfit(`is of the type ${desc.typeName}, which has no form in JSON here`);
    }
    const fieldsOf: FieldsOf = () => this.#table(desc);
    const { shape, constants } = this.#form(desc);
    switch (shape) {
      case Shape.UNSPECIFIED:
        return objectCodec(fieldsOf, constants, desc.name);
      case Shape.LIST:
        return loneFieldCodec(fieldsOf, (json) => Array.isArray(json));
      case Shape.MAP:
        return loneFieldCodec(fieldsOf, isJsonObject);
      case Shape.TUPLE:
        return tupleCodec(fieldsOf);
      case Shape.UNION:
        return unionCodec(fieldsOf, desc, desc.typeName === "google.protobuf.Value");
      case Shape.NULLABLE: {
        const accepts = (json: unknown): boolean =>
          json === null || fieldsOf().fields.some(({ codec }) => codec.accepts(json));
        return loneFieldCodec(fieldsOf, accepts);
      }
      default:
        throw new Misfit(`is of the type ${desc.typeName}, whose shape this server does not know`);
    }
  }

  #form(desc: DescMessage): Form {
    const known = this.#forms.get(desc);
    if (known !== undefined) return known;
    const { shape, constants } = getOption(desc, messageForm);
    if (constants.length > constantsMax) {
      throw new ContractError(
        "PDR4215",
        `${desc.typeName} has more than ${constantsMax} constants`,
      );
    }
    const own = wellKnown.get(desc.typeName);
    const made = {
      shape: typeof own === "number" ? own : shape,
      constants: constants.map((constant) => constantOf(desc, constant)),
    };
    this.#forms.set(desc, made);
    return made;
  }

  #table(desc: DescMessage): FieldTable {
    const known = this.#tables.get(desc);
    if (known !== undefined) return known;
    const made = new FieldTable(this.#fields(desc));
    this.#tables.set(desc, made);
    return made;
  }

  #fields(desc: DescMessage): FieldPlan[] {
    const { shape, constants } = this.#form(desc);
    const refuse = (why: string): ContractError =>
      new ContractError("PDR4215", `${desc.typeName} ${why}`);
    switch (shape) {
      case Shape.LIST:
      case Shape.MAP:
      case Shape.NULLABLE: {
        const [field, other] = desc.fields;
        const kind = shape === Shape.LIST ? "list" : "map";
        const isFit =
          field !== undefined &&
          other === undefined &&
          (shape === Shape.NULLABLE ? field.proto.proto3Optional : field.fieldKind === kind);
        if (!isFit) throw refuse("does not have the one field that its shape asks for");
        const plan = this.fieldPlan(field, undefined);
        return [shape === Shape.NULLABLE ? { ...plan, unset: "null" } : plan];
      }
      case Shape.TUPLE:
        return desc.fields
          .toSorted((a, b) => a.number - b.number)
          .map((field, place) => this.fieldPlan(field, place));
      case Shape.UNION:
        return this.#variants(desc, refuse);
      default: {
        const names = new Set(constants.map(({ name }) => name));
        return desc.fields.map((field) => {
          if (names.has(field.jsonName)) throw refuse(`has two members "${field.jsonName}"`);
          names.add(field.jsonName);
          return this.fieldPlan(field, field.jsonName);
        });
      }
    }
  }

  /** In the order in which a JSON value is tried: literals before scalars, objects with constants before others. */
  #variants(desc: DescMessage, refuse: (why: string) => ContractError): FieldPlan[] {
    const [oneof] = desc.oneofs;
    if (oneof?.fields.length !== desc.fields.length || desc.fields.length === 0) {
      throw refuse("is a union, but its fields are not all in one oneof");
    }
    for (const { message } of desc.fields) {
      const shape = message === undefined ? Shape.UNSPECIFIED : this.#form(message).shape;
      if (shape === Shape.UNION || shape === Shape.NULLABLE) {
        throw refuse("is a union with another one as a member: unions don't nest");
      }
    }
    const rank = (field: DescField): number => {
      if (field.enum !== undefined) return -1_000;
      return field.message === undefined ? 0 : -this.#form(field.message).constants.length;
    };
    return desc.fields
      .toSorted((a, b) => rank(a) - rank(b))
      .map((field) => this.fieldPlan(field, undefined));
  }
}

const stringType = 9;

function constantOf(desc: DescMessage, { name, json }: Constant): ConstantMember {
  try {
    const value: unknown = JSON.parse(json);
    if (value === null || ["string", "number", "boolean"].includes(typeof value)) {
      return { name, value: value as ConstantMember["value"] };
    }
  } catch {
    // Told below.
  }
  throw new ContractError(
    "PDR4215",
    `${desc.typeName} has a constant "${name}" that is no JSON literal`,
  );
}

const noForm: Pick<FieldForm, "nullable" | "number"> = { nullable: false, number: false };

/** Most fields have no options: those are not looked for in what is not there. */
function formOf(field: DescField): Pick<FieldForm, "nullable" | "number"> {
  return field.proto.options === undefined ? noForm : getOption(field, fieldForm);
}

function cardinalityOf({ fieldKind }: DescField): FieldPlan["cardinality"] {
  return fieldKind === "list" || fieldKind === "map" ? fieldKind : "single";
}

function unsetOf(field: DescField, codec: ValueCodec): FieldPlan["unset"] {
  if (field.fieldKind === "list" || field.fieldKind === "map") return "always";
  if (formOf(field).nullable) return "null";
  if (field.proto.proto3Optional || field.oneof !== undefined) return "absent";
  if (codec.kind === "scalar") return "always";
  return codec.mayBeAbsent ? "absent" : "needed";
}
