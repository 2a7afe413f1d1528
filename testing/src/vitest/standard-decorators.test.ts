// The plugin by itself: what it makes of a file. That it makes classes work under Vite 8 is proved in test/e2e/vite-8.test.ts.

import { expectTypeOf, describe, expect, test } from "vitest";
import type { Plugin } from "vite";
import { standardDecorators, type StandardDecoratorsOptions } from "./standard-decorators.js";

const decorated = `
interface Named { readonly name: string }
const seen: string[] = [];
const mark = <T>(value: T, { kind, name }: { kind: string; name: string | symbol | undefined }): void => {
  seen.push(\`\${kind} \${String(name)}\`);
};
@mark
export class Signup implements Named {
  readonly name: string = "signup";
  #secret = 5;
  @mark
  async run(): Promise<number> { return this.#secret; }
}
export { seen };
`;

async function lowered(
  code: string,
  id: string,
  options?: StandardDecoratorsOptions,
): Promise<string | undefined> {
  return (await standardDecorators(options).transform(code, id))?.code;
}

describe("the plugin for standard decorators", () => {
  test("makes of decorated TypeScript what Node can run, to the same effect", async () => {
    const code = (await lowered(decorated, "/project/signup.ts")) ?? "";

    expect(code).not.toMatch(/^\s*@/m);
    const module = (await import(
      /* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`
    )) as {
      readonly seen: string[];
      readonly Signup: new () => { name: string; run(): Promise<number> };
    };
    expect(module.seen).toEqual(["method run", "class Signup"]);
    expect(module.Signup.name).toBe("Signup");
    expect(new module.Signup().name).toBe("signup");
    expect(await new module.Signup().run()).toBe(5);
  });

  test("maps what it made to the source", async () => {
    const result = await standardDecorators().transform(decorated, "/project/signup.ts");

    const map = JSON.parse(result?.map ?? "{}") as { sources: string[]; mappings: string };
    expect(map.sources).toHaveLength(1);
    expect(map.sources[0]).toMatch(/signup\.ts$/);
    expect(map.mappings.length).toBeGreaterThan(10);
  });

  test.each(["/p/a.ts", "/p/a.mts", "/p/a.js", "/p/a.mjs", "/p/a.ts?v=1", "/p/a.tsx", "C:/p/a.ts"])(
    "lowers %s",
    async (id) => {
      expect(await lowered("const d = () => {}; @d export class A {}", id)).not.toContain("@d");
    },
  );

  test.each([
    ["a file of another kind", "@media print {}", "/p/a.css"],
    ["a file of a package", "@d class A {}", "/p/node_modules/x/a.js"],
    ["a module that is no file", "@d class A {}", "\0virtual:a.ts"],
    ["a file without decorators", "export const mail: string = 'a@b.c';", "/p/a.ts"],
  ])("leaves %s alone", async (_what, code, id) => {
    expect(await lowered(code, id)).toBeUndefined();
  });

  test("keeps JSX as it is", async () => {
    const code = "/** @returns a view */ export const view = () => <p>hello</p>;";

    expect(await lowered(code, "/p/a.js")).toContain("<p>hello</p>");
    expect(await lowered(code, "/p/a.tsx")).toContain("<p>hello</p>");
  });

  test("lowers what it is told to", async () => {
    const include = (path: string): boolean => path.endsWith(".legacy.ts");

    expect(await lowered("@d class A {}", "/p/a.ts", { include })).toBeUndefined();
    expect(await lowered("@d class A {}", "/p/a.legacy.ts", { include })).toBeDefined();
  });

  test("finds decorators wherever they can stand", async () => {
    for (const code of [
      "@d class A {}",
      "export @d class A {}",
      "x(@d class {})",
      "class A {\n@d m() {} }",
      "class A {@d m() {} }",
      "class A { a;@d m() {} }",
      "@(d()) class A {}",
    ]) {
      const js = await lowered(
        `${code.startsWith("x(") ? "const x = () => {};" : ""}${code}`,
        "/p/a.ts",
      );
      expect(js, code).not.toMatch(/@d|@\(/);
    }
  });

  test("is a plugin of Vite", () => {
    expectTypeOf(standardDecorators()).toExtend<Plugin>();
  });
});
