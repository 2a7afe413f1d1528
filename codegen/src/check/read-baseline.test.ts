import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { ManifestSchema, type Manifest } from "@perdure/proto/manifest/v1/manifest";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { CodegenError } from "../codegen-error.js";
import { readBaseline } from "./read-baseline.js";

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "perdure-codegen-"));
  return () => {
    rmSync(cwd, { recursive: true, force: true });
  };
});

function manifestOf(...names: string[]): Manifest {
  return create(ManifestSchema, { services: names.map((name) => ({ name })) });
}

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(join(cwd, path, ".."), { recursive: true });
  writeFileSync(join(cwd, path), content);
}

async function refusal(against: string): Promise<CodegenError> {
  const [result] = await Promise.allSettled([readBaseline(against, { cwd, out: "gen" })]);
  if (result.status === "fulfilled") expect.unreachable();
  return result.reason as CodegenError;
}

const json = toJsonString(ManifestSchema, manifestOf("S"));

describe("a path", () => {
  test.each(["old/manifest.json", "old"])("%s names a manifest", async (against) => {
    put("old/manifest.json", json);

    expect(await readBaseline(against, { cwd, out: "gen" })).toEqual({
      contracts: [{ name: against, manifest: manifestOf("S"), isShared: false }],
    });
  });

  test("may lead to the binary form", async () => {
    put("m.binpb", toBinary(ManifestSchema, manifestOf("S")));

    const { contracts } = await readBaseline("m.binpb", { cwd, out: "gen" });

    expect(contracts[0]?.manifest).toEqual(manifestOf("S"));
  });

  test("to something else, or to nothing, is refused", async () => {
    put("m.json", "{");

    expect(await refusal("m.json")).toMatchObject({ code: "PDR6306" });
    expect(await refusal("none.json")).toMatchObject({ code: "PDR6305" });
  });
});

describe("a git revision", () => {
  const git = (...args: string[]): void => {
    const who = ["-c", "user.name=t", "-c", "user.email=t@example.com"];
    execFileSync("git", [...who, "-c", "init.defaultBranch=main", ...args], {
      cwd,
      stdio: "ignore",
    });
  };

  beforeEach(() => {
    git("init");
    put("readme", "");
    git("add", ".");
    git("commit", "-m", "empty");
    git("tag", "empty");
    put("gen/manifest.json", json);
    git("add", ".");
    git("commit", "-m", "manifest");
    put("gen/manifest.json", "changed since");
  });

  test.each(["main", "HEAD"])(
    "%s names the manifest of the output folder there",
    async (against) => {
      expect(await readBaseline(against, { cwd, out: "./gen/" })).toEqual({
        contracts: [
          { name: `${against}:gen/manifest.json`, manifest: manifestOf("S"), isShared: false },
        ],
      });
    },
  );

  test("is looked at from a folder of the repository, too", async () => {
    mkdirSync(join(cwd, "packages/a"), { recursive: true });

    const { contracts } = await readBaseline("main", {
      cwd: join(cwd, "packages/a"),
      out: "../../gen",
    });

    expect(contracts[0]?.manifest).toEqual(manifestOf("S"));
  });

  test("that had no manifest yet has nobody to break", async () => {
    expect(await readBaseline("empty", { cwd, out: "gen" })).toEqual({ contracts: [] });
  });

  test.each(["nowhere", "--help"])(
    "%s that is not there is refused with advice",
    async (against) => {
      expect(await refusal(against)).toMatchObject({
        code: "PDR6305",
        message: expect.stringContaining("fetch it first") as string,
      });
    },
  );
});

describe("an address", () => {
  async function answering(answer: (path: string) => unknown): Promise<string> {
    const server: Server = createServer((request, response) => {
      const body = answer(request.url ?? "");
      response.writeHead(body === undefined ? 404 : 200).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test("names the newest deployment of each service, and those with unfinished invocations", async () => {
    const of = (id: string, pinned: number, ...services: [string, number][]): object => ({
      id,
      uri: `http://${id}`,
      pinned_invocations: pinned,
      services: services.map(([name, revision]) => ({ name, revision })),
    });
    const url = await answering((path) =>
      path.startsWith("/deployments?")
        ? { deployments: [of("dp_1", 2, ["A", 1], ["B", 1]), of("dp_2", 0, ["A", 2])] }
        : { services: path.includes("dp_1") ? [{ name: "A" }, { name: "B" }] : [{ name: "A" }] },
    );

    const { contracts, running } = await readBaseline(`${url}/`, { cwd, out: "gen" });

    expect(contracts).toEqual([
      { name: "deployment dp_1", manifest: manifestOf("B"), isShared: true },
      { name: "deployment dp_2", manifest: manifestOf("A"), isShared: true },
    ]);
    expect(running).toEqual([
      { id: "dp_1", uri: "http://dp_1", unfinished: 2, manifest: manifestOf("A", "B") },
    ]);
  });

  test("of something else, or of nobody, is refused", async () => {
    const [wrong, empty] = [await answering(() => undefined), await answering(() => ({}))];

    for (const against of [wrong, empty, "http://127.0.0.1:1"]) {
      expect(await refusal(against)).toMatchObject({
        code: "PDR6307",
        message: expect.stringContaining("admin port") as string,
      });
    }
  });
});
