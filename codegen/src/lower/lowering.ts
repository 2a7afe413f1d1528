// What one run of lowering knows and collects.

import type { Diagnostic } from "../model/diagnostic.js";
import type { Model } from "../model/services.js";
import type { NamedType } from "../model/types.js";
import type { DraftEnum, DraftMessage, Origin } from "./draft.js";
import { upperCamelOf } from "../model/names.js";

export class Lowering {
  readonly model: Model;
  readonly diagnostics: Diagnostic[] = [];
  /** Messages and enums that stand for forms that protobuf has no word for, by name. */
  readonly wrappers: Map<string, { readonly form: string; readonly draft: Wrapper }> = new Map();
  /** Named types that the fields so far lead to; more come while they are lowered. */
  readonly reached: Set<string> = new Set();
  /** What anonymous types are named after, the longest first, and what that was called before. */
  readonly #prefixes: readonly Prefix[];

  constructor(model: Model) {
    this.model = model;
    this.#prefixes = [...handlerPrefixes(model), ...this.#typePrefixes()].toSorted(
      (a, b) => b.now.length - a.now.length,
    );
  }

  *#typePrefixes(): Generator<Prefix> {
    for (const type of this.model.types.values()) {
      const now = upperCamelOf(type.name);
      if (type.renamedFrom !== undefined) yield { now, before: () => this.previousNameOf(type) };
      if (type.kind !== "object") continue;
      for (const { name, renamedFrom } of type.members) {
        if (renamedFrom === undefined) continue;
        const rest = upperCamelOf(renamedFrom);
        yield {
          now: now + upperCamelOf(name),
          before: () => (this.previousNameOf(type) ?? now) + rest,
        };
      }
    }
  }

  /** @throws where reading left the type out, which is a bug of reading */
  typeNamed(name: string): NamedType {
    const type = this.model.types.get(name);
    if (type === undefined) throw new Error(`the model refers to a type ${name} that it lacks`);
    return type;
  }

  /** The name of a type's message or enum in an earlier output, if that may be another one. */
  previousNameOf({ name, anonymous, renamedFrom }: NamedType): string | undefined {
    if (renamedFrom !== undefined) return upperCamelOf(renamedFrom);
    if (!anonymous) return undefined;
    const full = upperCamelOf(name);
    const prefix = this.#prefixes.find(
      ({ now }) => full.startsWith(now) && /^(?:[A-Z\d]|$)/.test(full.slice(now.length)),
    );
    const before = prefix?.before();
    return prefix === undefined || before === undefined
      ? undefined
      : before + full.slice(prefix.now.length);
  }

  /** Keeps the wrapper once, whoever asks for it. Two of one name and different forms do not go. */
  wrapper(draft: Wrapper, origin: Origin): void {
    const { name } = draft.message ?? draft.enum;
    const form = formOf(draft);
    const there = this.wrappers.get(name);
    if (there === undefined) {
      this.wrappers.set(name, { form, draft });
    } else if (there.form !== form) {
      this.report(
        "PDR6109",
        `${origin.what} needs a protobuf type ${name}, and another form has that name already`,
        "give the inner type a name of its own: an interface or an enum",
        origin,
      );
    }
  }

  report(code: string, message: string, advice: string, { place }: Pick<Origin, "place">): void {
    this.diagnostics.push({
      code,
      severity: "error",
      ...(place === undefined ? {} : { place }),
      message,
      advice,
    });
  }
}

/** The beginning of names. */
interface Prefix {
  readonly now: string;
  readonly before: () => string | undefined;
}

function handlerPrefixes({ services }: Model): Prefix[] {
  return services.flatMap((service) =>
    service.handlers.flatMap(({ name, renamedFrom }): Prefix[] => {
      if (renamedFrom === undefined) return [];
      const prefix = upperCamelOf(service.name);
      return ["Input", "Output"].map((suffix) => ({
        now: prefix + upperCamelOf(name) + suffix,
        before: () => prefix + upperCamelOf(renamedFrom) + suffix,
      }));
    }),
  );
}

export type Wrapper =
  | { readonly message: DraftMessage; readonly enum?: undefined }
  | { readonly enum: DraftEnum; readonly message?: undefined };

/** The same text for wrappers that are the same. */
function formOf(draft: Wrapper): string {
  if (draft.message === undefined)
    return JSON.stringify(draft.enum.values.map(({ value }) => value));
  const { shape, fields } = draft.message;
  return JSON.stringify([shape, fields.map(({ name, form }) => [name, form])]);
}
