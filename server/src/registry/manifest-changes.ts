// What callers and running work will notice of a registration: each service that it offers is compared with the
// revision that new work goes to now. Only losses and changed contracts count; what is new disturbs nobody.

import type { Handler, InputRule, Manifest, OutputRule } from "@perdure/proto/manifest/v1/manifest";
import type { RegisteredService, RegistryView } from "../shard/registry-view.js";

/**
 * One sentence for each change, in the order of the manifest.
 * @param replaced  the deployment in whose place the manifest comes: what it alone offered goes with it
 */
export function manifestChanges(
  manifest: Manifest,
  view: RegistryView,
  replaced?: string,
): string[] {
  const offered = new Set(manifest.services.map(({ name }) => name));
  const changed = manifest.services.flatMap((service) => {
    const active = view.services.get(service.name);
    const handlers = new Map(service.handlers.map((handler) => [handler.name, handler]));
    return active === undefined ? [] : handlerChanges(active, handlers);
  });
  const gone = [...view.services.values()]
    .filter(({ service, deployment }) => deployment.id === replaced && !offered.has(service.name))
    .map(({ service }) => `service ${service.name} is not offered any more`);
  return [...changed, ...gone];
}

function handlerChanges(
  { service, handlers }: RegisteredService,
  now: ReadonlyMap<string, Handler>,
): string[] {
  return [...handlers.values()].flatMap((before) => {
    const name = `${service.name}/${before.name}`;
    const after = now.get(before.name);
    if (after === undefined) return [`handler ${name} is not offered any more`];
    return [
      ...ruleChanges(`the input of ${name}`, before.input, after.input),
      ...ruleChanges(`the output of ${name}`, before.output, after.output),
    ];
  });
}

type Rule = InputRule | OutputRule;

function ruleChanges(what: string, before: Rule | undefined, after: Rule | undefined): string[] {
  const changes: string[] = [];
  const types = [before, after].map((rule) => contentTypeText(rule));
  if (types[0] !== types[1]) {
    changes.push(`${what} changed its content type from ${types[0] ?? ""} to ${types[1] ?? ""}`);
  }
  if (!isSameSchema(before?.jsonSchema ?? "", after?.jsonSchema ?? "")) {
    changes.push(`${what} changed its JSON schema`);
  }
  return changes;
}

function contentTypeText(rule: Rule | undefined): string {
  if (rule === undefined) return "any";
  return rule.contentType === "" ? "none" : `"${rule.contentType}"`;
}

/** The order of an object's members says nothing. */
function isSameSchema(before: string, after: string): boolean {
  return before === after || canonical(before) === canonical(after);
}

function canonical(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), (_name, value: unknown) => sorted(value));
  } catch {
    return text;
  }
}

function sorted(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
