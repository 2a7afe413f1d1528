// The rules of concurrency limits as a value: what becomes of them when some are added, replaced or removed. All or
// nothing; versions count the changes of each rule.

import { create } from "@bufbuild/protobuf";
import { LimitRuleSchema, type LimitRule } from "@perdure/proto/storage/v1/records";
import { isScopePart } from "@perdure/protocol/scope";
import { RegistrationError, type RuleChange, type RuleRemoval } from "./registrar.js";

export const rulesMax = 10_000;

export type RuleBook = ReadonlyMap<string, LimitRule>;

const patternPartsMax = 3;

/** @throws RegistrationError  PDR4211 to PDR4213 */
export function withRules(
  book: RuleBook,
  changes: readonly RuleChange[],
  nowMs: number,
): Map<string, LimitRule> {
  const rules = new Map(book);
  const seen = new Set<string>();
  for (const change of changes) {
    const { pattern, concurrency, description, disabled } = change;
    checkPattern(pattern);
    if (seen.has(pattern)) throw badRule(`the rule "${pattern}" is there twice`);
    seen.add(pattern);
    if (concurrency !== undefined && !(concurrency >= 1 && concurrency <= 0xffff_ffff)) {
      throw badRule(
        `the rule "${pattern}" limits to ${concurrency}: a limit is 1 or more; leave it out for none`,
      );
    }
    const before = book.get(pattern);
    checkPrecondition(change, before);
    const version = (before?.version ?? 0) + 1;
    const limit = concurrency === undefined ? {} : { concurrency };
    const facts = { pattern, description, disabled, version, modifiedAt: Math.floor(nowMs) };
    rules.set(pattern, create(LimitRuleSchema, { ...facts, ...limit }));
  }
  if (rules.size > rulesMax) {
    throw new RegistrationError(
      "PDR4212",
      undefined,
      422,
      `there would be ${rules.size} rules; the most is ${rulesMax}. Remove some, or let one with "*" stand for many`,
    );
  }
  return rules;
}

/**
 * Removals of rules that are not there change nothing.
 * @throws RegistrationError  PDR4211
 */
export function withoutRules(
  book: RuleBook,
  removals: readonly RuleRemoval[],
): Map<string, LimitRule> {
  const rules = new Map(book);
  for (const { pattern, expectedVersion } of removals) {
    const before = book.get(pattern);
    if (before === undefined) continue;
    if (expectedVersion !== undefined && before.version !== expectedVersion) {
      throw conflict(
        pattern,
        `version ${expectedVersion} was expected, it is at ${before.version}`,
      );
    }
    rules.delete(pattern);
  }
  return rules;
}

function checkPattern(pattern: string): void {
  const parts = pattern.split("/");
  if (parts.length <= patternPartsMax && parts.every((part) => part === "*" || isScopePart(part)))
    return;
  throw badRule(
    `"${pattern}" is no pattern: write a scope, or a scope and one or two levels of a limit key, joined by "/"; ` +
      `each part is "*", or 1 to 36 letters, digits, "_", "." and "-"`,
  );
}

function checkPrecondition({ pattern, precondition }: RuleChange, before?: LimitRule): void {
  switch (precondition.kind) {
    case "none":
      return;
    case "doesNotExist":
      if (before === undefined) return;
      throw conflict(pattern, `it should not exist, and is there in version ${before.version}`);
    case "matches":
      if (before?.version === precondition.version) return;
      throw conflict(
        pattern,
        `version ${precondition.version} was expected, ${before === undefined ? "there is none" : `it is at ${before.version}`}`,
      );
  }
}

function conflict(pattern: string, why: string): RegistrationError {
  return new RegistrationError(
    "PDR4211",
    undefined,
    409,
    `the rule "${pattern}" was changed meanwhile: ${why}. Nothing was changed; read the rules and try again`,
  );
}

function badRule(message: string): RegistrationError {
  return new RegistrationError("PDR4213", undefined, 400, message);
}
