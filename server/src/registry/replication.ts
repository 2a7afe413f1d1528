// A registry that is kept by several shards: one decides, the others follow it, event by event. After a start each compares
// what it has with the one that decides, which a crash may have left a change ahead.

import { create, equals } from "@bufbuild/protobuf";
import {
  DeploymentRegisteredSchema,
  DeploymentRemovedSchema,
  RulesReplacedSchema,
} from "@perdure/proto/storage/v1/events";
import {
  DeploymentSchema,
  LimitRuleSchema,
  type Deployment,
  type LimitRule,
} from "@perdure/proto/storage/v1/records";
import type { EventBody } from "../core/apply.js";

/** What changes a registry: deployments in its own partition, rules in all. */
export type RegistryChange = Extract<
  EventBody,
  { case: "deploymentRegistered" | "deploymentRemoved" | "rulesReplaced" | "rulesChanged" }
>;

export interface RegistryContent {
  readonly deployments: readonly Deployment[];
  readonly rules: readonly LimitRule[];
  /** How often rules have changed; 0 where the last change was an earlier release's. */
  readonly rulesVersion: number;
}

/** Shards that follow a registry. */
export interface RegistryReplicas {
  /** Resolves when all of them have the change, and it is durable there. */
  replicate(change: RegistryChange): Promise<void>;
}

/** What makes one registry the same as another. */
export function changesBetween(from: RegistryContent, to: RegistryContent): RegistryChange[] {
  const wanted = new Map(to.deployments.map((deployment) => [deployment.id, deployment]));
  const known = new Map(from.deployments.map((deployment) => [deployment.id, deployment]));
  const removed = [...known.keys()]
    .filter((id) => !wanted.has(id))
    .map((deploymentId): RegistryChange => ({
      case: "deploymentRemoved",
      value: create(DeploymentRemovedSchema, { deploymentId }),
    }));
  const registered = to.deployments
    .filter((deployment) => {
      const before = known.get(deployment.id);
      return before === undefined || !equals(DeploymentSchema, before, deployment);
    })
    .map((deployment): RegistryChange => ({
      case: "deploymentRegistered",
      value: create(DeploymentRegisteredSchema, { deployment }),
    }));
  const changes = [...removed, ...registered];
  if (hasSameRules(to, from.rulesVersion, () => from.rules)) return changes;
  return [...changes, allRules(to)];
}

/** Whether others, of their version, are those of a registry. They are read where versions don't tell. */
export function hasSameRules(
  { rules, rulesVersion }: RegistryContent,
  version: number,
  others: () => readonly LimitRule[],
): boolean {
  return version === rulesVersion && (version > 0 || sameRules(others(), rules));
}

export function allRules({ rules, rulesVersion }: RegistryContent): RegistryChange {
  const value = create(RulesReplacedSchema, { rules: [...rules], version: rulesVersion });
  return { case: "rulesReplaced", value };
}

function sameRules(some: readonly LimitRule[], others: readonly LimitRule[]): boolean {
  const byPattern = new Map(others.map((rule) => [rule.pattern, rule]));
  return (
    some.length === others.length &&
    some.every((rule) => {
      const other = byPattern.get(rule.pattern);
      return other !== undefined && equals(LimitRuleSchema, rule, other);
    })
  );
}
