// Where the durable steps of a handler first differ from what they were, in words.
// What comes behind everything that there was meets no journal that exists: it breaks nobody.

import type { Step, StepSequence } from "@perdure/proto/manifest/v1/manifest";

export interface StepChange {
  /** A sentence without subject and full stop: `run "verify" comes after run "create" now`. */
  readonly text: string;
  readonly breaksRunning: boolean;
}

/** Undefined: they are the same, or were not read before or now. */
export function stepChange(
  before: StepSequence | undefined,
  after: StepSequence | undefined,
): StepChange | undefined {
  if (before === undefined || after === undefined) return undefined;
  const found = firstChange(before.steps, after.steps, "", true);
  if (found === undefined) return undefined;
  const isPartial = !before.complete || !after.complete;
  return {
    text: isPartial ? `${found.text} (not all of its code could be read)` : found.text,
    breaksRunning: found.breaksRunning,
  };
}

function firstChange(
  before: readonly Step[],
  after: readonly Step[],
  where: string,
  isOutermost: boolean,
): StepChange | undefined {
  const told = (text: string, breaksRunning = true): StepChange => ({
    text: `${text}${where}`,
    breaksRunning,
  });
  for (let index = 0; index < Math.max(before.length, after.length); index++) {
    const [was, is] = [before[index], after[index]];
    if (was === undefined && is !== undefined) {
      return told(`${stepText(is)} is new at the end`, !isOutermost);
    }
    if (was === undefined) return undefined;
    if (is === undefined) return told(`${stepText(was)} is gone`);
    if (!isSameStep(was, is)) return told(movedText(before, after, index, was, is));
    const inner = firstChange(was.inner, is.inner, `${where} inside ${formText(was)}`, false);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function movedText(
  before: readonly Step[],
  after: readonly Step[],
  index: number,
  was: Step,
  is: Step,
): string {
  const later = after.slice(index + 1);
  const wasComesLater = later.some((step) => isSameStep(step, was));
  const isCameLater = before.slice(index + 1).some((step) => isSameStep(step, is));
  if (wasComesLater && isCameLater) {
    const at = later.findIndex((step) => isSameStep(step, was));
    const previous = at === 0 ? is : (later[at - 1] ?? is);
    return `${stepText(was)} comes after ${stepText(previous)} now`;
  }
  if (wasComesLater) return `${stepText(is)} comes before ${stepText(was)} now`;
  if (isCameLater) return `${stepText(was)} is gone before ${stepText(is)}`;
  return `${stepText(is)} stands where ${stepText(was)} was`;
}

/** Not what stands inside. */
function isSameStep(a: Step, b: Step): boolean {
  return a.operation === b.operation && a.name === b.name;
}

const forms: ReadonlySet<string> = new Set([
  "if",
  "else",
  "switch",
  "case",
  "loop",
  "try",
  "catch",
  "finally",
  "callback",
]);

/** `run "verify"`, `sleep`, `loop with run "a"`. */
function stepText(step: Step): string {
  if (!forms.has(step.operation)) return named(step);
  const [first] = step.inner;
  return first === undefined ? formText(step) : `${formText(step)} with ${stepText(first)}`;
}

function formText(step: Step): string {
  return forms.has(step.operation) ? `"${step.operation}"` : named(step);
}

function named({ operation, name }: Step): string {
  return name === "" ? operation : `${operation} "${name}"`;
}
