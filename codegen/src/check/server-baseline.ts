// What a running server has: the contract of each service is that of the newest deployment that offers it, and
// invocations in flight belong to deployments.

import { create } from "@bufbuild/protobuf";
import { ManifestSchema, type Manifest } from "@perdure/proto/manifest/v1/manifest";
import { CodegenError } from "../codegen-error.js";
import { manifestOfJson } from "../manifest-file.js";
import type { Baseline } from "./baseline.js";

const answerTimeoutMs = 30_000;

interface ListedDeployment {
  readonly id: string;
  readonly uri: string;
  readonly pinned_invocations: number;
  readonly services: readonly { readonly name: string; readonly revision: number }[];
}

/**
 * @param url  of the admin port
 * @throws CodegenError  PDR6307
 */
export async function serverBaseline(url: string): Promise<Baseline> {
  const base = url.replace(/\/+$/, "");
  const body = await ask(base, "/deployments?include=status");
  if (!isList(body)) throw failed(base, "its answer is not that of an admin port");
  const newest = new Map<string, { readonly id: string; readonly revision: number }>();
  for (const { id, services } of body.deployments) {
    for (const { name, revision } of services) {
      if ((newest.get(name)?.revision ?? 0) < revision) newest.set(name, { id, revision });
    }
  }
  const deployments = await Promise.all(
    body.deployments.map(async ({ id, uri, pinned_invocations: unfinished }) => {
      const answer = await ask(base, `/deployments/${encodeURIComponent(id)}/manifest`);
      return { id, uri, unfinished, manifest: manifestAt(base, answer) };
    }),
  );
  return {
    contracts: deployments.map(({ id, manifest }) => ({
      name: `deployment ${id}`,
      manifest: create(ManifestSchema, {
        descriptorSet: manifest.descriptorSet,
        services: manifest.services.filter(({ name }) => newest.get(name)?.id === id),
      }),
      isShared: true,
    })),
    running: deployments.filter(({ unfinished }) => unfinished > 0),
  };
}

function manifestAt(base: string, body: unknown): Manifest {
  try {
    return manifestOfJson(body);
  } catch (cause) {
    throw failed(base, "what it says of a deployment is no manifest", cause);
  }
}

async function ask(base: string, path: string): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(base + path, { signal: AbortSignal.timeout(answerTimeoutMs) });
    if (response.ok) return await response.json();
  } catch (cause) {
    const { code, message } = ((cause as Error).cause ?? cause) as NodeJS.ErrnoException;
    throw failed(base, code ?? message, cause);
  }
  throw failed(base, `HTTP ${response.status} at ${path}`);
}

function failed(base: string, why: string, cause?: unknown): CodegenError {
  return new CodegenError(
    "PDR6307",
    `the server at ${base}, which --against names, can't be asked (${why}). Name its admin port, which is http://localhost:9070 unless set`,
    { cause },
  );
}

function isList(body: unknown): body is { readonly deployments: readonly ListedDeployment[] } {
  if (typeof body !== "object" || body === null || !("deployments" in body)) return false;
  const { deployments } = body;
  return (
    Array.isArray(deployments) &&
    deployments.every(
      (one: Partial<ListedDeployment> | null) =>
        typeof one?.id === "string" &&
        typeof one.pinned_invocations === "number" &&
        Array.isArray(one.services),
    )
  );
}
