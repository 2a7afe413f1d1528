// What is different between two manifests, in words of handlers, and whom it breaks:
//   callers    who were written against the one before: by JSON Schemas (json-schema-changes.ts) and by protobuf
//              descriptors (descriptor-changes.ts), whichever knows better;
//   running    invocations in flight that go on with the code of the one after: by steps (step-changes.ts).
// Options and kinds that callers can't see are told as harmless. Documentation and metadata are not told at all.

import {
  create,
  createFileRegistry,
  equals,
  fromBinary,
  type DescMethod,
  type DescService,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import {
  ChangeKind,
  HandlerKind,
  ManifestChangeSchema,
  RetryPolicySchema,
  type Handler,
  type InputRule,
  type Manifest,
  type ManifestChange,
  type Options,
  type OutputRule,
  type Service,
} from "@perdure/proto/manifest/v1/manifest";
import { messageChanges } from "./descriptor-changes.js";
import { schemaChanges } from "./json-schema-changes.js";
import { handlerKindNames, optionNames, optionText, serviceKindNames } from "./manifest-merge.js";
import { schemasToCompare } from "./manifest-schemas.js";
import { stepChange } from "./step-changes.js";
import { effortMax, mergedChanges, type Effort, type TypeChange } from "./type-change.js";

/** By service, in the order of `before` and then of `after`; within one in the order of its handlers. */
export function manifestDiff(before: Manifest, after: Manifest): ManifestChange[] {
  const effort = { left: effortMax };
  const [was, is] = [sideOf(before), sideOf(after)];
  const names = new Set([...was.services.keys(), ...is.services.keys()]);
  return [...names].flatMap((name) => {
    const [old, now] = [was.services.get(name), is.services.get(name)];
    if (old === undefined) return now === undefined ? [] : [serviceAdded(now)];
    return now === undefined ? [serviceRemoved(old)] : serviceChanges(was, old, is, now, effort);
  });
}

interface Side {
  readonly services: ReadonlyMap<string, Service>;
  /** By full name; none where the descriptors can't be read, which others look at. */
  readonly protos: ReadonlyMap<string, DescService>;
}

function sideOf({ services, descriptorSet }: Manifest): Side {
  const protos = new Map<string, DescService>();
  if (descriptorSet.length > 0) {
    try {
      const set = fromBinary(FileDescriptorSetSchema, descriptorSet);
      for (const desc of createFileRegistry(set)) {
        if (desc.kind === "service") protos.set(desc.typeName, desc);
      }
    } catch {
      protos.clear();
    }
  }
  return { services: new Map(services.map((service) => [service.name, service])), protos };
}

interface Told {
  readonly kind?: ChangeKind;
  readonly callers?: boolean;
  readonly running?: boolean;
}

/** Places can be nested, and lists long, as no person writes them. */
const textMax = 500;

function change(service: string, handler: string, text: string, told: Told = {}): ManifestChange {
  return create(ManifestChangeSchema, {
    kind: told.kind ?? ChangeKind.CHANGED,
    breaksCallers: told.callers ?? false,
    breaksRunning: told.running ?? false,
    service,
    handler,
    text: text.length > textMax ? `${text.slice(0, textMax)}…` : text,
  });
}

function serviceAdded({ name, kind, handlers }: Service): ManifestChange {
  const count = `${handlers.length} ${handlers.length === 1 ? "handler" : "handlers"}`;
  const text = `${serviceKindNames[kind]} ${name} is new, with ${count}`;
  return change(name, "", text, { kind: ChangeKind.ADDED });
}

function serviceRemoved({ name }: Service): ManifestChange {
  const told = { kind: ChangeKind.REMOVED, callers: true, running: true };
  return change(name, "", `service ${name} is not offered any more`, told);
}

function serviceChanges(
  was: Side,
  before: Service,
  is: Side,
  after: Service,
  effort: Effort,
): ManifestChange[] {
  const { name } = before;
  if (before.kind !== after.kind) {
    const [old, now] = [before, after].map(({ kind }) => serviceKindNames[kind]);
    const text = `${name} was a ${old ?? ""} and is a ${now ?? ""} now: it is called and keyed in another way`;
    return [change(name, "", text, { callers: true, running: true })];
  }
  const protos = [was.protos.get(before.protoService), is.protos.get(after.protoService)] as const;
  const theirs = new Map(after.handlers.map((handler) => [handler.name, handler]));
  const ours = new Set(before.handlers.map((handler) => handler.name));
  return [
    ...protoNameChanges(name, "", name, before.protoService, after.protoService),
    ...optionChanges(name, "", name, before.options, after.options),
    ...before.handlers.flatMap((handler) => {
      const now = theirs.get(handler.name);
      if (now === undefined) return [handlerRemoved(name, handler.name)];
      return handlerChanges({ before, after, was: handler, is: now, protos, effort });
    }),
    ...after.handlers
      .filter((handler) => !ours.has(handler.name))
      .map((handler) =>
        change(name, handler.name, `handler ${name}/${handler.name} is new`, {
          kind: ChangeKind.ADDED,
        }),
      ),
  ];
}

function handlerRemoved(service: string, handler: string): ManifestChange {
  const told = { kind: ChangeKind.REMOVED, callers: true, running: true };
  return change(service, handler, `handler ${service}/${handler} is not offered any more`, told);
}

interface HandlerPair {
  readonly before: Service;
  readonly after: Service;
  readonly was: Handler;
  readonly is: Handler;
  readonly protos: readonly [DescService | undefined, DescService | undefined];
  readonly effort: Effort;
}

function handlerChanges({ before, after, was, is, protos, effort }: HandlerPair): ManifestChange[] {
  const service = before.name;
  const name = `${service}/${was.name}`;
  const changes: ManifestChange[] = [];
  const tell = (text: string, told: Told = {}): void => {
    changes.push(change(service, was.name, text, told));
  };
  if (was.kind !== is.kind) {
    const isRun = [was, is].some(({ kind }) => kind === HandlerKind.RUN);
    tell(
      `handler ${name} was ${handlerKindNames[was.kind]} and is ${handlerKindNames[is.kind]} now`,
      { callers: isRun, running: isRun },
    );
  }
  const [wasPrivate, isPrivate] = [isPrivateIn(before, was), isPrivateIn(after, is)];
  if (wasPrivate !== isPrivate) {
    const text = isPrivate
      ? `handler ${name} is private now: the ingress refuses it`
      : `handler ${name} is public now`;
    tell(text, { callers: isPrivate });
  }
  changes.push(
    ...protoNameChanges(service, was.name, name, was.protoMethod, is.protoMethod),
    ...optionChanges(service, was.name, name, was.options, is.options),
  );
  changes.push(...ruleChanges(service, was, is));
  const methods = [methodOf(protos[0], was), methodOf(protos[1], is)] as const;
  const types = typeChanges(was, is, methods, effort);
  for (const { path, text, breaksCallers } of types) {
    tell(`${path} of ${name} ${text}`, { callers: breaksCallers });
  }
  const steps = stepChange(was.steps, is.steps);
  if (steps !== undefined) {
    tell(`the steps of ${name} changed: ${steps.text}`, { running: steps.breaksRunning });
  }
  return changes;
}

function isPrivateIn(service: Service, handler: Handler): boolean {
  return handler.options?.ingressPrivate ?? service.options?.ingressPrivate ?? false;
}

function methodOf(service: DescService | undefined, handler: Handler): DescMethod | undefined {
  return service?.methods.find(({ name }) => name === handler.protoMethod);
}

function typeChanges(
  was: Handler,
  is: Handler,
  [from, to]: readonly [DescMethod | undefined, DescMethod | undefined],
  effort: Effort,
): TypeChange[] {
  const json = [
    ...schemaChanges(...schemasToCompare(was, is, "input"), "input", effort),
    ...schemaChanges(...schemasToCompare(was, is, "output"), "output", effort),
  ];
  if (from === undefined || to === undefined) return json;
  const proto = [
    ...messageChanges(from.input, to.input, "input", effort),
    ...messageChanges(from.output, to.output, "output", effort),
  ];
  return mergedChanges(json, proto);
}

function protoNameChanges(
  service: string,
  handler: string,
  what: string,
  before: string,
  after: string,
): ManifestChange[] {
  if (before === after) return [];
  const tell = (text: string, callers: boolean): ManifestChange[] => [
    change(service, handler, text, { callers }),
  ];
  if (before === "")
    return tell(`${what} can be called as ${after} with protobuf types now`, false);
  if (after === "") return tell(`${what} can't be called as ${before} any more`, true);
  return tell(`${what} is called as ${after} now, and was called as ${before}`, true);
}

function optionChanges(
  service: string,
  handler: string,
  what: string,
  before: Options | undefined,
  after: Options | undefined,
): ManifestChange[] {
  const changes = optionNames
    .filter((name) => name !== "ingressPrivate" && before?.[name] !== after?.[name])
    .map((name) => {
      const [was, is] = [optionText(name, before?.[name]), optionText(name, after?.[name])];
      return `the option ${name.replace(/Ms$/, "")} of ${what} was ${was} and is ${is} now`;
    });
  const [was, is] = [before?.retryPolicy, after?.retryPolicy].map(
    (policy) => policy ?? create(RetryPolicySchema),
  );
  if (was !== undefined && is !== undefined && !equals(RetryPolicySchema, was, is)) {
    changes.push(`the retry policy of ${what} changed`);
  }
  return changes.map((text) => change(service, handler, text));
}

function ruleChanges(service: string, was: Handler, is: Handler): ManifestChange[] {
  const name = `${service}/${was.name}`;
  const changes: ManifestChange[] = [];
  const tell = (text: string, callers: boolean): void => {
    changes.push(change(service, was.name, text, { callers }));
  };
  const [from, to] = [was, is].map(({ input }) => ruleText(input));
  if (from !== to) {
    const refuses = !takesWhatWasTaken(was.input, is.input);
    tell(`the input of ${name} takes the content type ${to} now, and took ${from}`, refuses);
  }
  if (was.input?.required !== true && is.input?.required === true) {
    tell(`the input of ${name} must be there now`, true);
  }
  const [old, now] = [was, is].map(({ output }) => ruleText(output));
  if (old !== now) {
    // Who got nothing before looks at nothing now.
    const breaks = old !== "any" && old !== "none";
    tell(`the output of ${name} has the content type ${now} now, and had ${old}`, breaks);
  }
  return changes;
}

function ruleText(rule: InputRule | OutputRule | undefined): string {
  if (rule === undefined || rule.contentType === "*/*") return "any";
  return rule.contentType === "" ? "none" : `"${rule.contentType}"`;
}

function takesWhatWasTaken(before: InputRule | undefined, after: InputRule | undefined): boolean {
  if (after === undefined || after.contentType === "*/*") return true;
  const was = before?.contentType ?? "*/*";
  // Nobody sent anything.
  if (was === "") return !after.required;
  const [type, subtype] = after.contentType.split("/");
  return subtype === "*" && was.split("/", 1)[0] === type;
}
