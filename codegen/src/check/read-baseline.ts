// Finds what `--against` means: the admin port of a running server, a manifest or the folder that has it, or a
// revision of the git repository that the output folder is in.

import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { CodegenError } from "../codegen-error.js";
import { manifestFile, parseManifest } from "../manifest-file.js";
import type { CodegenSettings } from "../model/settings.js";
import type { Baseline } from "./baseline.js";
import { serverBaseline } from "./server-baseline.js";

/**
 * @param against  an http:// or https:// address, a path, or a git revision
 * @throws CodegenError  PDR6305, PDR6306
 */
export async function readBaseline(
  against: string,
  { cwd, out }: Pick<CodegenSettings, "cwd" | "out">,
): Promise<Baseline> {
  if (/^https?:\/\//i.test(against)) return serverBaseline(against);
  const path = resolve(cwd, against);
  for (const file of [path, join(path, manifestFile)]) {
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile() === true) return fileBaseline(against, file);
  }
  if (/\.(json|binpb)$/.test(against)) {
    throw new CodegenError("PDR6305", `there is no manifest at ${against}, which --against names`);
  }
  return gitBaseline(against, cwd, join(relative(cwd, resolve(cwd, out)), manifestFile));
}

async function fileBaseline(name: string, path: string): Promise<Baseline> {
  return { contracts: [contractOf(name, await readFile(path), path.endsWith(".binpb"))] };
}

const run = promisify(execFile);

/** @param file  relative to `cwd` */
async function gitBaseline(revision: string, cwd: string, file: string): Promise<Baseline> {
  const path = file.replaceAll("\\", "/");
  const git = (...args: string[]): Promise<{ readonly stdout: Buffer }> =>
    run("git", args, { cwd, encoding: "buffer", maxBuffer: 64 * 1024 * 1024 });
  let commit: string;
  try {
    if (revision.startsWith("-")) throw new Error("it begins with -");
    const verified = await git("rev-parse", "--verify", `${revision}^{commit}`);
    commit = verified.stdout.toString().trim();
  } catch (cause) {
    throw new CodegenError(
      "PDR6305",
      `"${revision}", which --against names, is no address, no file and no revision of a git repository (${whyOf(cause)}). In CI, fetch it first`,
      { cause },
    );
  }
  const listed = await git("ls-tree", "--name-only", commit, "--", path).catch((cause: unknown) => {
    throw new CodegenError("PDR6305", `git can't list ${path} at ${revision} (${whyOf(cause)})`, {
      cause,
    });
  });
  // The services are new since then: there is nobody to break.
  if (listed.stdout.length === 0) return { contracts: [] };
  const { stdout } = await git("show", `${commit}:./${path}`);
  return { contracts: [contractOf(`${revision}:${path}`, stdout, false)] };
}

function contractOf(
  name: string,
  bytes: Uint8Array,
  isBinary: boolean,
): Baseline["contracts"][number] {
  try {
    return { name, manifest: parseManifest(bytes, isBinary), isShared: false };
  } catch (cause) {
    throw new CodegenError(
      "PDR6306",
      `${name} is no manifest that codegen wrote (${whyOf(cause)}). Name a manifest.json or a manifest.binpb`,
      { cause },
    );
  }
}

/** Of git: what it said, without its own prefix. */
function whyOf(cause: unknown): string {
  const { stderr, message } = cause as { readonly stderr?: Buffer; readonly message?: string };
  const said = stderr?.toString().trim().split("\n")[0] ?? "";
  return said === "" ? (message ?? String(cause)) : said.replace(/^fatal: /, "");
}
