import { create } from "@bufbuild/protobuf";
import { DeploymentSchema, LimitRuleSchema } from "@perdure/proto/storage/v1/records";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { changesBetween, type RegistryContent } from "./replication.js";

const deployment = fc
  .record({
    id: fc.constantFrom("dp_1", "dp_2", "dp_3"),
    uri: fc.constantFrom("http://a", "http://b"),
  })
  .map((fields) => create(DeploymentSchema, fields));
const rule = fc
  .record({ pattern: fc.constantFrom("*", "a/*"), disabled: fc.boolean() })
  .map((fields) => create(LimitRuleSchema, fields));
const content: fc.Arbitrary<RegistryContent> = fc.record({
  deployments: fc.uniqueArray(deployment, { selector: ({ id }) => id }),
  rules: fc.uniqueArray(rule, { selector: ({ pattern }) => pattern }),
  rulesVersion: fc.constant(0),
});
/** One that was changed so often, from none. */
const versioned = fc
  .tuple(content, fc.integer({ min: 1, max: 3 }))
  .map(([one, rulesVersion]) => ({ ...one, rules: rulesOf[rulesVersion] ?? [], rulesVersion }));
const rulesOf = [1, 2, 3, 4].map((concurrency) => [
  create(LimitRuleSchema, { pattern: "*", concurrency }),
]);

/** What the core makes of the changes. */
function changed(before: RegistryContent, after: RegistryContent): RegistryContent {
  const deployments = new Map(before.deployments.map((one) => [one.id, one]));
  let { rules, rulesVersion } = before;
  for (const change of changesBetween(before, after)) {
    if (change.case === "rulesReplaced") ({ rules, version: rulesVersion } = change.value);
    else if (change.case === "rulesChanged") throw new Error("a follower takes all rules at once");
    else if (change.case === "deploymentRemoved") deployments.delete(change.value.deploymentId);
    else if (change.value.deployment !== undefined) {
      deployments.set(change.value.deployment.id, change.value.deployment);
    }
  }
  return { deployments: [...deployments.values()], rules, rulesVersion };
}

function sorted({ deployments, rules, rulesVersion }: RegistryContent): RegistryContent {
  return {
    rulesVersion,
    deployments: [...deployments].sort((one, other) => one.id.localeCompare(other.id)),
    rules: [...rules].sort((one, other) => one.pattern.localeCompare(other.pattern)),
  };
}

describe("a registry that follows another", () => {
  test("has what the other has, whatever it had before", () => {
    fc.assert(
      fc.property(fc.oneof(content, versioned), fc.oneof(content, versioned), (before, after) => {
        expect(sorted(changed(before, after))).toEqual(sorted(after));
      }),
    );
  });

  test("changes nothing where both are the same", () => {
    fc.assert(
      fc.property(fc.oneof(content, versioned), (same) => {
        expect(changesBetween(same, structuredClone(same))).toEqual([]);
      }),
    );
  });
});
