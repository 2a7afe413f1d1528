// Routes about the rules of concurrency limits.

import type { LimitRule } from "@perdure/proto/storage/v1/records";
import type { RuleChange } from "../registry/registrar.js";
import { badRequest, count, flag, listOf, membersOf, requiredText, text } from "./members.js";
import type { AdminParts } from "./parts.js";
import type { Answer, Call, Route } from "./route.js";

/** 10,000 rules with a description each. */
const rulesBodyBytesMax: number = 8 * 1024 * 1024;
const example = '[{"pattern":"checkout","limits":{"concurrency":50}}]';

export const ruleRoutes: readonly Route[] = [
  { method: "GET", path: "/limits/rules", answer: list },
  { method: "PUT", path: "/limits/rules", bodyBytesMax: rulesBodyBytesMax, answer: put },
  {
    method: "POST",
    path: "/limits/rules/bulk-delete",
    bodyBytesMax: rulesBodyBytesMax,
    answer: bulkDelete,
  },
];

function list({ registrar }: AdminParts): Answer {
  return { status: 200, body: [...registrar.view.rules.values()].map(ruleBody) };
}

async function put({ registrar }: AdminParts, { body }: Call): Promise<Answer> {
  const changes = listOf(body, "the body", example).map(parseChange);
  return { status: 200, body: (await registrar.putRules(changes)).map(ruleBody) };
}

async function bulkDelete({ registrar }: AdminParts, { body }: Call): Promise<Answer> {
  const rules = listOf(body, "the body", '[{"pattern":"checkout"}]').map((rule, at) => {
    const members = membersOf(rule, `rule ${at + 1}`, '{"pattern":"checkout"}');
    return {
      pattern: requiredText(members, "pattern"),
      expectedVersion: count(members, "expected_version"),
    };
  });
  return { status: 200, body: await registrar.deleteRules(rules) };
}

function parseChange(rule: unknown, at: number): RuleChange {
  const members = membersOf(rule, `rule ${at + 1}`, '{"pattern":"checkout","limits":{}}');
  const limits = membersOf(members["limits"] ?? {}, '"limits"', '{"concurrency":50}');
  return {
    pattern: requiredText(members, "pattern"),
    concurrency: count(limits, "concurrency"),
    description: text(members, "description") ?? "",
    disabled: flag(members, "disabled") ?? false,
    precondition: parsePrecondition(members["precondition"]),
  };
}

function parsePrecondition(value: unknown): RuleChange["precondition"] {
  if (value === undefined || value === null) return { kind: "none" };
  const members = membersOf(value, '"precondition"', '{"type":"matches","version":1}');
  const type = requiredText(members, "type");
  switch (type) {
    case "none":
      return { kind: "none" };
    case "does_not_exist":
      return { kind: "doesNotExist" };
    case "matches": {
      const version = count(members, "version");
      if (version === undefined) throw badRequest('"version" is missing in "precondition"');
      return { kind: "matches", version };
    }
    default:
      throw badRequest(
        `"type" in "precondition" must be "none", "matches" or "does_not_exist", got "${type}"`,
      );
  }
}

function ruleBody(rule: LimitRule): object {
  const { pattern, concurrency, description, disabled, version, modifiedAt } = rule;
  return {
    pattern,
    limits: concurrency === undefined ? {} : { concurrency },
    ...(description === "" ? {} : { description }),
    disabled,
    version,
    last_modified_millis_since_epoch: modifiedAt,
  };
}
