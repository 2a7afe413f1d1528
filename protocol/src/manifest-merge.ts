// What an endpoint says of itself and what codegen read from its source, as one manifest.
//   M1. The endpoint's own facts win: names, kinds, handlers, options, content types, schemas that it has.
//   M2. Codegen adds what can't be known at run time: documentation, schemas, protobuf names and descriptors, steps.
//   M3. Where the two don't fit, codegen ran on other source: every such place is a difference, and the merged
//       manifest must not be used.

import { clone } from "@bufbuild/protobuf";
import {
  HandlerKind,
  InputRuleSchema,
  ManifestSchema,
  OutputRuleSchema,
  ServiceKind,
  type Handler,
  type InputRule,
  type Manifest,
  type Options,
  type OutputRule,
  type Service,
} from "@perdure/proto/manifest/v1/manifest";
import { mergeDescriptorSets } from "./descriptor-sets.js";

export interface MergedManifest {
  readonly manifest: Manifest;
  /** Sentences without a full stop; empty: all fits. */
  readonly differences: string[];
}

/**
 * @param own        what the endpoint says
 * @param generated  what codegen wrote, one for each package; none: `own` is returned as it is
 */
export function mergeManifests(own: Manifest, generated: readonly Manifest[]): MergedManifest {
  if (generated.length === 0) return { manifest: own, differences: [] };
  const differences: string[] = [];
  const manifest = clone(ManifestSchema, own);
  for (const service of manifest.services) {
    const found = generated.flatMap(({ services }) =>
      services.filter(({ name }) => name === service.name),
    );
    const [known] = found;
    if (known === undefined) {
      differences.push(`service ${service.name} is not in the manifest`);
    } else if (found.length > 1) {
      differences.push(`service ${service.name} is in the manifest more than once`);
    } else {
      differences.push(...mergeService(service, known));
    }
  }
  differences.push(...hashDifferences(own, generated));
  const sets = [own, ...generated].map(({ descriptorSet }) => descriptorSet);
  const merged = mergeDescriptorSets(sets);
  differences.push(...merged.differences);
  manifest.descriptorSet = merged.descriptorSet;
  if (own.contentHash === "") manifest.contentHash = joined(generated, "contentHash");
  if (own.generator === "") manifest.generator = joined(generated, "generator");
  return { manifest, differences };
}

/** Of several manifests: each that there is, once, with spaces between. */
function joined(generated: readonly Manifest[], member: "contentHash" | "generator"): string {
  const all = generated.map((manifest) => manifest[member]).filter((text) => text !== "");
  return [...new Set(all)].toSorted().join(" ");
}

function hashDifferences(own: Manifest, generated: readonly Manifest[]): string[] {
  if (own.contentHash === "") return [];
  const served = own.contentHash.split(" ");
  return generated
    .filter(({ contentHash }) => contentHash !== "" && !served.includes(contentHash))
    .map(
      ({ contentHash }) =>
        `the endpoint serves the manifest ${own.contentHash} itself, and this one is ${contentHash}`,
    );
}

/** Adds to `own`, in place. */
function mergeService(own: Service, known: Service): string[] {
  const differences: string[] = [];
  if (own.kind !== known.kind) {
    differences.push(
      `${own.name} is a ${serviceKindNames[own.kind]} in the code and a ${serviceKindNames[known.kind]} in the manifest`,
    );
  }
  differences.push(...optionDifferences(own.name, own.options, known.options));
  own.documentation ||= known.documentation;
  own.protoService ||= known.protoService;
  if (Object.keys(own.metadata).length === 0) own.metadata = { ...known.metadata };
  const theirs = new Map(known.handlers.map((handler) => [handler.name, handler]));
  for (const handler of own.handlers) {
    const one = theirs.get(handler.name);
    theirs.delete(handler.name);
    if (one === undefined) {
      differences.push(`handler ${handler.name} of ${own.name} is not in the manifest`);
    } else {
      differences.push(...mergeHandler(own, handler, one));
    }
  }
  for (const gone of theirs.keys()) {
    differences.push(`handler ${gone} of ${own.name} is in the manifest and not in the code`);
  }
  return differences;
}

function mergeHandler(service: Service, own: Handler, known: Handler): string[] {
  const name = `${service.name}/${own.name}`;
  const differences: string[] = [];
  if (own.kind !== known.kind) {
    differences.push(
      `handler ${own.name} of ${service.name} is ${handlerKindNames[own.kind]} in the code and ${handlerKindNames[known.kind]} in the manifest`,
    );
  }
  differences.push(...optionDifferences(name, own.options, known.options));
  own.documentation ||= known.documentation;
  own.protoMethod ||= known.protoMethod;
  if (Object.keys(own.metadata).length === 0) own.metadata = { ...known.metadata };
  if (own.steps === undefined && known.steps !== undefined) own.steps = known.steps;
  differences.push(...mergeRules(`the input of ${name}`, own.input, known.input));
  differences.push(...mergeRules(`the output of ${name}`, own.output, known.output));
  own.input ??= known.input === undefined ? undefined : clone(InputRuleSchema, known.input);
  own.output ??= known.output === undefined ? undefined : clone(OutputRuleSchema, known.output);
  return differences;
}

function mergeRules<Rule extends InputRule | OutputRule>(
  what: string,
  own: Rule | undefined,
  known: Rule | undefined,
): string[] {
  if (own === undefined || known === undefined) return [];
  if (!fits(own.contentType, known.contentType)) {
    return [
      `${what} has the content type ${typeText(own.contentType)} in the code and ${typeText(known.contentType)} in the manifest`,
    ];
  }
  own.typesJsonSchema = typesSchemaOf(own, known);
  own.jsonSchema ||= known.jsonSchema;
  return [];
}

/** What the types say stays known beside what a serde says of itself: code is compared with either. */
function typesSchemaOf<Rule extends InputRule | OutputRule>(own: Rule, known: Rule): string {
  if (own.jsonSchema === "" || own.jsonSchema === known.jsonSchema) return known.typesJsonSchema;
  return known.typesJsonSchema || known.jsonSchema;
}

/**
 * The endpoint does not see types, and codegen does not see what a serde says of itself: a handler without a parameter
 * or a result has none in the manifest alone, and one whose serde leaves its type open has it there alone.
 */
function fits(own: string, known: string): boolean {
  const isOpen = (contentType: string): boolean => contentType === "" || contentType === "*/*";
  const json = "application/json";
  return (
    own === known ||
    (isOpen(own) && (isOpen(known) || known === json)) ||
    (known === "" && own === json)
  );
}

function typeText(contentType: string): string {
  return contentType === "" ? "none" : `"${contentType}"`;
}

/** Only what the manifest says: options may also be given where nobody can read them. */
function optionDifferences(
  what: string,
  own: Options | undefined,
  known: Options | undefined,
): string[] {
  if (known === undefined) return [];
  const pairs = [
    ...optionNames.map((name) => [name, own?.[name], known[name]] as const),
    ...retryNames.map(
      (name) =>
        [`retryPolicy.${name}`, own?.retryPolicy?.[name], known.retryPolicy?.[name]] as const,
    ),
  ];
  return pairs
    .filter(([, mine, theirs]) => theirs !== undefined && mine !== theirs)
    .map(
      ([name, mine, theirs]) =>
        `the option ${name.replace(/Ms$/, "")} of ${what} is ${optionText(name, mine)} in the code and ${optionText(name, theirs)} in the manifest`,
    );
}

export const optionNames = [
  "idempotencyRetentionMs",
  "workflowRetentionMs",
  "journalRetentionMs",
  "inactivityTimeoutMs",
  "abortTimeoutMs",
  "ingressPrivate",
  "enableLazyState",
] as const;

export const retryNames = [
  "initialIntervalMs",
  "exponentiationFactor",
  "maxIntervalMs",
  "maxAttempts",
] as const;

/** "not set", "true", "3", "5000 ms". */
export function optionText(name: string, value: bigint | number | boolean | undefined): string {
  if (value === undefined) return "not set";
  return name.endsWith("Ms") ? `${value} ms` : String(value);
}

export const serviceKindNames: Readonly<Record<ServiceKind, string>> = {
  [ServiceKind.UNSPECIFIED]: "service of unknown kind",
  [ServiceKind.SERVICE]: "service",
  [ServiceKind.VIRTUAL_OBJECT]: "virtual object",
  [ServiceKind.WORKFLOW]: "workflow",
};

export const handlerKindNames: Readonly<Record<HandlerKind, string>> = {
  [HandlerKind.UNSPECIFIED]: "of unknown kind",
  [HandlerKind.SHARED]: "shared",
  [HandlerKind.EXCLUSIVE]: "exclusive",
  [HandlerKind.RUN]: "the run",
};
