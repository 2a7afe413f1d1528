// A Vite plugin that lowers standard (TC39) decorators. Vite 8 compiles TypeScript with Oxc, which leaves them as
// they are, and no release of Node can parse them: "SyntaxError: Invalid or unexpected token". Vite up to 7 needs
// no plugin. Legacy decorators (`experimentalDecorators`) are another language: files with those must not come here.

import { transform } from "esbuild";

/** What Vite 5 to 8 and Vitest know as a plugin; written out so that none of them is a dependency. */
export interface StandardDecoratorsPlugin {
  readonly name: string;
  readonly enforce: "pre";
  transform(code: string, id: string): Promise<{ code: string; map: string } | undefined>;
}

export interface StandardDecoratorsOptions {
  /** Files that are lowered, by path. Default: all that may have decorators, outside of node_modules. */
  readonly include?: (path: string) => boolean;
}

/** Loaders of esbuild by the ending of the file. */
const loaders: ReadonlyMap<string, "jsx" | "ts" | "tsx"> = new Map([
  // Some projects have JSX in them, and a tag in a comment is enough to bring a file here.
  ["js", "jsx"],
  ["mjs", "jsx"],
  ["jsx", "jsx"],
  ["ts", "ts"],
  ["mts", "ts"],
  ["tsx", "tsx"],
]);

/** An @ that may begin a decorator. Tags in comments match too, which costs a transform and changes nothing. */
const maybeDecorator = /(?:^|[\s;{}()])@[\p{ID_Start}$_(]/u;

/** In vitest.config.ts: `plugins: [standardDecorators()]`. */
export function standardDecorators(
  options: StandardDecoratorsOptions = {},
): StandardDecoratorsPlugin {
  const { include = outsideOfPackages } = options;
  return {
    name: "perdure:standard-decorators",
    enforce: "pre",
    async transform(code, id) {
      const [path = ""] = id.split(/[?#]/, 1);
      const loader = loaders.get(/\.([a-z]+)$/.exec(path)?.[1] ?? "");
      if (loader === undefined || !maybeDecorator.test(code) || !include(path)) return undefined;
      const lowered = await transform(code, {
        loader,
        sourcefile: path,
        sourcemap: "external",
        // The newest that has all but decorators, which no release of any engine has.
        target: "es2022",
        jsx: "preserve",
        // The tsconfig of the project is not asked: what it says of decorators is what went wrong.
        tsconfigRaw: { compilerOptions: { experimentalDecorators: false } },
      });
      return { code: lowered.code, map: lowered.map };
    },
  };
}

function outsideOfPackages(path: string): boolean {
  return !path.startsWith("\0") && !path.includes("/node_modules/");
}
