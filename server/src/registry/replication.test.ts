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
});

/** What the core makes of the changes. */
function changed(before: RegistryContent, after: RegistryContent): RegistryContent {
  const deployments = new Map(before.deployments.map((one) => [one.id, one]));
  let { rules } = before;
  for (const change of changesBetween(before, after)) {
    if (change.case === "rulesReplaced") rules = change.value.rules;
    else if (change.case === "deploymentRemoved") deployments.delete(change.value.deploymentId);
    else if (change.value.deployment !== undefined) {
      deployments.set(change.value.deployment.id, change.value.deployment);
    }
  }
  return { deployments: [...deployments.values()], rules };
}

function sorted({ deployments, rules }: RegistryContent): RegistryContent {
  return {
    deployments: [...deployments].sort((one, other) => one.id.localeCompare(other.id)),
    rules: [...rules].sort((one, other) => one.pattern.localeCompare(other.pattern)),
  };
}

describe("a registry that follows another", () => {
  test("has what the other has, whatever it had before", () => {
    fc.assert(
      fc.property(content, content, (before, after) => {
        expect(sorted(changed(before, after))).toEqual(sorted(after));
      }),
    );
  });

  test("changes nothing where both are the same", () => {
    fc.assert(
      fc.property(content, (same) => {
        expect(changesBetween(same, structuredClone(same))).toEqual([]);
      }),
    );
  });
});
