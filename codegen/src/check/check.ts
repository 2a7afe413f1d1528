// `--check`: whether what is committed may be deployed. Nothing is written.
//   K1. The code has errors, or the output folder is stale: an error each.
//   K2. The contract breaks callers of what `against` names: an error each.
//   K3. Invocations in flight would meet other steps: a warning each, with the deployment that has them. Against what
//       is no server it is not known whether there are any: a warning all the same.

import { clone, create } from "@bufbuild/protobuf";
import {
  ManifestSchema,
  ServiceSchema,
  type Manifest,
  type ManifestChange,
  type Service,
} from "@perdure/proto/manifest/v1/manifest";
import { manifestDiff } from "@perdure/protocol/manifest-diff";
import { relative, resolve } from "node:path";
import { generate, hasErrors, type Generated } from "../generate.js";
import type { Diagnostic } from "../model/diagnostic.js";
import type { Place } from "../model/place.js";
import type { CodegenSettings } from "../model/settings.js";
import type { Baseline, Contract } from "./baseline.js";
import { readBaseline } from "./read-baseline.js";
import { staleFiles, staleFindings } from "./stale.js";

export interface CheckSettings extends CodegenSettings {
  /**
   * The http(s) address of a server's admin port, the path of a manifest, or a git revision. Absent: only the code and
   * the output folder are looked at.
   */
  readonly against?: string;
  /** Warnings count as errors. False by default. */
  readonly strict?: boolean;
}

export interface Checked {
  /** False: a pipeline should stop. */
  readonly passed: boolean;
  /** What the code has, then the output folder, then callers, then what runs. */
  readonly findings: readonly Diagnostic[];
  /** Every difference to what `against` names, harmless ones included. */
  readonly changes: readonly ManifestChange[];
  readonly generated: Generated;
}

/** @throws CodegenError  PDR6305 to PDR6307, PDR6401 */
export async function check(settings: CheckSettings): Promise<Checked> {
  const { cwd, out, against, strict = false } = settings;
  const generated = await generate(settings);
  const findings: Diagnostic[] = [...generated.diagnostics];
  const changes: ManifestChange[] = [];
  const { manifest } = generated;
  if (manifest !== undefined) {
    const folder = resolve(cwd, out);
    const shown = relative(cwd, folder).replaceAll("\\", "/");
    findings.push(...staleFindings(shown, await staleFiles(folder, generated.files)));
    if (against !== undefined) {
      const baseline = await readBaseline(against, settings);
      changes.push(...contractChanges(baseline, manifest, settings.package));
      findings.push(...callerFindings(changes, against, generated));
      findings.push(...runningFindings(baseline, changes, generated, manifest));
    }
  }
  const passed = strict ? findings.length === 0 : !hasErrors(findings);
  return { passed, findings, changes, generated };
}

function contractChanges(
  { contracts }: Baseline,
  manifest: Manifest,
  protoPackage: string,
): ManifestChange[] {
  const known = new Set(contracts.flatMap((one) => one.manifest.services.map(({ name }) => name)));
  const fresh = manifest.services.filter(({ name }) => !known.has(name));
  const added = manifestDiff(create(ManifestSchema), withServices(manifest, fresh));
  return [...added, ...contracts.flatMap((one) => changesOf(one, manifest, protoPackage))];
}

function changesOf(
  { manifest: before, isShared }: Contract,
  manifest: Manifest,
  protoPackage: string,
): ManifestChange[] {
  const ours = new Map(manifest.services.map((service) => [service.name, service]));
  const concerned = before.services.filter(
    ({ name, protoService }) =>
      !isShared || ours.has(name) || packageOf(protoService) === protoPackage,
  );
  const now = concerned.flatMap(({ name }) => ours.get(name) ?? []);
  return manifestDiff(withServices(before, concerned), withServices(manifest, now));
}

function packageOf(protoService: string): string {
  return protoService.slice(0, Math.max(0, protoService.lastIndexOf(".")));
}

function withServices({ descriptorSet }: Manifest, services: Manifest["services"]): Manifest {
  return create(ManifestSchema, { descriptorSet, services: services.map(asServed) });
}

/**
 * As an endpoint says it, which does not see types: a handler without a parameter or a result is one that takes or
 * gives JSON there.
 */
function asServed(service: Service): Service {
  const served = clone(ServiceSchema, service);
  for (const { input, output } of served.handlers) {
    if (input?.contentType === "") input.contentType = "application/json";
    if (output?.contentType === "") output.contentType = "application/json";
  }
  return served;
}

function callerFindings(
  changes: readonly ManifestChange[],
  against: string,
  generated: Generated,
): Diagnostic[] {
  return changes
    .filter(({ breaksCallers }) => breaksCallers)
    .map((change) => ({
      code: "PDR6302",
      severity: "error",
      ...placeOf(change, generated),
      message: `this breaks callers of ${against}: ${change.text}`,
      advice: "keep what was there beside what is new, or give what is new another name",
    }));
}

function runningFindings(
  { running }: Baseline,
  changes: readonly ManifestChange[],
  generated: Generated,
  manifest: Manifest,
): Diagnostic[] {
  if (running === undefined) {
    return changes
      .filter(({ breaksRunning, breaksCallers }) => breaksRunning && !breaksCallers)
      .map((change) => ({
        code: "PDR6304",
        severity: "warning",
        ...placeOf(change, generated),
        message: `invocations in flight can't go on with this code: ${change.text}`,
        advice:
          "deploy it beside the old code, under an address of its own, until the old invocations have ended",
      }));
  }
  const ours = new Set(manifest.services.map(({ name }) => name));
  return running.flatMap(({ id, uri, unfinished, manifest: before }) => {
    const services = before.services.filter(({ name }) => ours.has(name));
    const concerned = manifest.services.filter(({ name }) =>
      services.some((service) => service.name === name),
    );
    const count =
      unfinished === 1 ? "1 unfinished invocation" : `${unfinished} unfinished invocations`;
    return manifestDiff(withServices(before, services), withServices(manifest, concerned))
      .filter(({ breaksRunning }) => breaksRunning)
      .map((change): Diagnostic => ({
        code: "PDR6303",
        severity: "warning",
        ...placeOf(change, generated),
        message: `deployment ${id} at ${uri} has ${count}, and none of ${[change.service, change.handler].filter(Boolean).join("/")} can go on with this code: ${change.text}`,
        advice: `register this code under another address than ${uri}, and keep that one until deployment ${id} is drained`,
      }));
  });
}

/** Where the handler stands in the code, or its service. */
function placeOf(change: ManifestChange, { model }: Generated): { readonly place?: Place } {
  const service = model.services.find(({ name }) => name === change.service);
  const handler = service?.handlers.find(({ name }) => name === change.handler);
  const place = handler?.place ?? service?.place;
  return place === undefined ? {} : { place };
}
