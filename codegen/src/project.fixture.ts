// A project of a user, in a folder of its own: services that import this repository's SDK.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { CodegenSettings } from "./model/settings.js";

export interface ProjectFixture {
  readonly settings: CodegenSettings;
  /** Writes a file, relative to the project. */
  readonly put: (path: string, content: string) => void;
}

/** Without sources. Goes when the test is over. */
export function createProject(): ProjectFixture {
  const cwd = mkdtempSync(join(tmpdir(), "perdure-codegen-"));
  onTestFinished(() => {
    rmSync(cwd, { recursive: true, force: true });
  });
  const modules = fileURLToPath(new URL("../../node_modules", import.meta.url));
  symlinkSync(modules, join(cwd, "node_modules"), "dir");
  const put = (path: string, content: string): void => {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), content);
  };
  const compilerOptions = {
    target: "es2022",
    module: "nodenext",
    strict: true,
    skipLibCheck: true,
    customConditions: ["source"],
  };
  put("tsconfig.json", JSON.stringify({ compilerOptions, include: ["src"] }));
  put("package.json", JSON.stringify({ type: "module" }));
  return { settings: { cwd, sources: ["src/**/*.ts"], out: "gen", package: "shop.v1" }, put };
}

/** The service Orders with the handler `place`. */
export function ordersSource(order: string, steps: string): string {
  return [
    'import { service, type Context } from "@perdure/sdk";',
    `export interface Order { ${order} }`,
    "export const orders = service({",
    '  name: "Orders",',
    "  handlers: {",
    "    place: async (ctx: Context, order: Order): Promise<string> => {",
    `      ${steps}`,
    "      return order.id;",
    "    },",
    "  },",
    "});",
    "",
  ].join("\n");
}
