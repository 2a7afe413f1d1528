// The shape of the repository, held by a test instead of a rule book: import directions, file names
// and sizes, documented error codes, nothing that belongs to one machine. The tables that say what is
// allowed are in tidy/rules.ts.
//
// Every test collects all offences as readable lines and expects none, so that one run shows all
// there is to do.
import path from "node:path";
import { describe, expect, test } from "vitest";
import {
  importsOf,
  isRelative,
  listFiles,
  packageNameOf,
  readManifest,
  readSource,
  readText,
  rootFolder,
  targetOf,
  type SourceFile,
} from "./tidy/repository.js";
import {
  codegenRooms,
  generatedFiles,
  importedOnlyBy,
  inputFiles,
  longFiles,
  maxLines,
  nodeFreeFolders,
  packageRules,
  pureFolders,
  pureImports,
  serverRooms,
  wrappedPackages,
} from "./tidy/rules.js";

const files = listFiles();
const sources = files
  .filter((file) => /\.(?:[cm]?js|tsx?)$/.test(file) && !inputFiles.test(file))
  .map(readSource);
const workspaces = readManifest("").workspaces ?? [];
const isTest = (file: string): boolean => /\.(?:test|fixture)\.ts$/.test(file);
const isInside = (file: string, folder: string): boolean => file.startsWith(`${folder}/`);
const isOwn = (name: string): boolean => name === "perdure" || name.startsWith("@perdure/");
const workspaceOf = (file: string): string | undefined =>
  workspaces.find((folder) => isInside(file, folder));

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");

/** Where this checkout is, and its parent, unless that is a name which means nothing on its own. */
function tellingFolders(): string[] {
  const common = ["", "tmp", "usr", "var", "opt", "src", "app", ...files.map(topOf)];
  return [rootFolder, path.dirname(rootFolder)].filter(
    (folder) => folder.split(path.sep).length > 2 || !common.includes(path.basename(folder)),
  );
}

function topOf(file: string): string {
  return file.split("/")[0] ?? "";
}

/** One line for each import that `offence` says something about. */
function importOffences(
  where: (file: SourceFile) => boolean,
  offence: (specifier: string, file: SourceFile) => string | undefined,
): string[] {
  return sources.filter(where).flatMap((file) =>
    file.imports.flatMap((specifier) => {
      const why = offence(specifier, file);
      return why === undefined ? [] : [`${file.path} imports ${specifier}: ${why}`];
    }),
  );
}

describe("packages", () => {
  test("each has a rule, the common version and exact dependencies", () => {
    const version = readManifest("").version;

    const offences = ["", ...workspaces].flatMap((folder) => {
      const manifest = readManifest(folder);
      const wanted = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
      return [
        ...(folder === "" || folder in packageRules
          ? []
          : [`${folder} has no row in packageRules`]),
        ...(manifest.version === version ? [] : [`${manifest.name} is not at ${version}`]),
        ...wanted.flatMap(([name, range]) => {
          if (isOwn(name) && range !== version) return [`${manifest.name}: ${name} not ${version}`];
          return /^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(range)
            ? []
            : [`${manifest.name}: ${name} is ${range}, not one exact version`];
        }),
      ];
    });

    expect(offences).toEqual([]);
  });

  test("import each other in one direction only", () => {
    const offences = importOffences(
      (file) => workspaceOf(file.path) !== undefined,
      (specifier, file) => {
        const folder = workspaceOf(file.path) ?? "";
        const allowed = packageRules[folder] ?? [];
        const name = packageNameOf(specifier);
        if (!isOwn(name) || allowed === "all" || allowed.includes(name)) return undefined;
        return `${folder} may import ${allowed.join(", ") || "none of ours"}`;
      },
    );

    expect(offences).toEqual([]);
  });

  test("of testers are imported by tests and examples alone", () => {
    const offences = importOffences(
      () => true,
      (specifier, file) => {
        const only = importedOnlyBy[packageNameOf(specifier)];
        const folder = workspaceOf(file.path) ?? "the root";
        return only === undefined || only.includes(folder)
          ? undefined
          : `it is for ${only.join(", ")}`;
      },
    );

    expect(offences).toEqual([]);
  });

  test("reach each other by name, never by a path", () => {
    const offences = importOffences(
      () => true,
      (specifier, file) =>
        isRelative(specifier) &&
        workspaceOf(targetOf(file.path, specifier)) !== workspaceOf(file.path)
          ? "a path that leaves its package"
          : undefined,
    );

    expect(offences).toEqual([]);
  });

  test("import only what their package.json names", () => {
    const tools = Object.keys(readManifest("").devDependencies ?? {});

    const offences = importOffences(
      (file) => workspaceOf(file.path) !== undefined,
      (specifier, file) => {
        if (isRelative(specifier) || specifier.startsWith("node:")) return undefined;
        const folder = workspaceOf(file.path) ?? "";
        const { name, dependencies, peerDependencies, devDependencies } = readManifest(folder);
        const isPrivate = ["test", "bench", "examples/endpoints", "examples/tour"].includes(folder);
        const known = [
          ...Object.keys(dependencies ?? {}),
          ...Object.keys(peerDependencies ?? {}),
          ...(isPrivate || isTest(file.path)
            ? [...Object.keys(devDependencies ?? {}), ...tools]
            : []),
        ];
        return known.includes(packageNameOf(specifier)) ? undefined : `not named by ${name}`;
      },
    );

    expect(offences).toEqual([]);
  });
});

describe("rooms", () => {
  test.each([
    ["server/src", serverRooms],
    ["codegen/src", codegenRooms],
  ])("of %s know nothing of the rooms outside them", (folder, rooms) => {
    const roomOf = (file: string): string | undefined =>
      isInside(file, folder) ? /^([^/]+)\//.exec(file.slice(folder.length + 1))?.[1] : undefined;

    const offences = importOffences(
      (file) => roomOf(file.path) !== undefined && !isTest(file.path),
      (specifier, file) => {
        const room = roomOf(file.path) ?? "";
        const allowed = rooms[room];
        if (allowed === undefined) return `${room} has no row in the table of rooms`;
        if (allowed === "all") return undefined;
        const target = targetOf(file.path, specifier);
        if (!isRelative(specifier) || !isInside(target, folder)) return undefined;
        const other = roomOf(target);
        if (other === room || (other !== undefined && allowed.includes(other))) return undefined;
        return `${room} may know ${allowed.join(", ") || "no other room"}`;
      },
    );

    expect(offences).toEqual([]);
  });

  test.each(pureFolders)("%s imports itself and contracts only", (folder) => {
    const offences = importOffences(
      (file) => isInside(file.path, folder) && !isTest(file.path),
      (specifier, file) => {
        const pure = isRelative(specifier)
          ? isInside(targetOf(file.path, specifier), folder)
          : pureImports.includes(packageNameOf(specifier));
        return pure ? undefined : "this folder is pure";
      },
    );

    expect(offences).toEqual([]);
  });

  test.each(nodeFreeFolders)("%s needs nothing of Node", (folder) => {
    const offences = importOffences(
      (file) => isInside(file.path, folder) && !isTest(file.path),
      (specifier) => (specifier.startsWith("node:") ? "this folder runs anywhere" : undefined),
    );

    expect(offences).toEqual([]);
  });

  test.each(Object.entries(wrappedPackages))("%s is imported in %s alone", (name, folders) => {
    const offences = importOffences(
      (file) => !folders.some((folder) => isInside(file.path, folder)),
      (specifier) =>
        packageNameOf(specifier) === name ? `only ${folders.join(", ")} may` : undefined,
    );

    expect(offences).toEqual([]);
  });
});

describe("files", () => {
  test("have kebab-case names", () => {
    const name = /^\.?[a-z0-9]+(?:-[a-z0-9]+)*$/;

    const offences = sources
      .map((file) => file.path)
      .filter((file) => !generatedFiles.test(file))
      .filter((file) => {
        const parts = file.split("/").flatMap((part) => part.split(/(?<=.)\./));
        return !parts.every((part) => name.test(part));
      });

    expect(offences).toEqual([]);
  });

  test(`have at most ${maxLines} lines, or a reason`, () => {
    const long = sources
      .filter((file) => !generatedFiles.test(file.path))
      .filter((file) => file.text.split("\n").length - 1 > maxLines)
      .map((file) => file.path);

    expect(long).toEqual(Object.keys(longFiles).sort());
  });

  test("import relative paths that end in .js", () => {
    const offences = importOffences(
      (file) => !generatedFiles.test(file.path),
      (specifier) =>
        isRelative(specifier) && !/\.(?:js|json)$/.test(specifier)
          ? "no .js at its end"
          : undefined,
    );

    expect(offences).toEqual([]);
  });

  test("of gen/ are all generated, but for the runtime in gen/src/wire", () => {
    const offences = files
      .filter((file) => isInside(file, "gen/src") && !isInside(file, "gen/src/wire"))
      .filter((file) => !/^\/\/ @generated by protoc-gen-(?:es|wire) /.test(readText(file)));

    expect(offences).toEqual([]);
  });
});

describe("error codes", () => {
  test("used in source are listed in docs/errors.md", () => {
    const page = "docs/errors.md";
    const listed = new Set(files.includes(page) ? readText(page).match(/PDR\d{4}/g) : []);

    const offences = sources
      .filter((file) => workspaceOf(file.path) !== undefined && !isTest(file.path))
      .filter((file) => !["test", "bench", "gen"].includes(workspaceOf(file.path) ?? ""))
      .flatMap((file) => (file.text.match(/PDR\d{4}/g) ?? []).map((code) => [code, file.path]))
      .filter(([code]) => !listed.has(code ?? ""))
      .map(([code, file]) => `${code} of ${file} is missing in ${page}`);

    expect([...new Set(offences)].sort()).toEqual([]);
  });
});

describe("machines", () => {
  test("leave no path of theirs in a file", () => {
    const patterns = [
      /(?<![\w.$}-])\/(?:home|Users)\/[a-z][\w.-]*\//,
      /(?<![\w.$}-])\/root\/[\w.]/,
      /\b[A-Z]:\\Users\\/,
      ...tellingFolders().map((folder) => new RegExp(`(?<![\\w.$}-])${literal(folder)}(?![\\w-])`)),
    ];

    const offences = files
      .filter((file) => file !== "package-lock.json")
      .flatMap((file) =>
        readText(file)
          .split("\n")
          .flatMap((line, index) =>
            patterns.some((pattern) => pattern.test(line))
              ? [`${file}:${index + 1}: ${line.trim().slice(0, 120)}`]
              : [],
          ),
      );

    expect(offences).toEqual([]);
  });

  test("leave no registry in package-lock.json or .npmrc", () => {
    // npm leaves them out with `omit-lockfile-registry-resolved`, which .npmrc asks for.
    const lock = readText("package-lock.json").match(/"resolved": "\w+:.*/g) ?? [];
    const settings = files
      .filter((file) => path.posix.basename(file) === ".npmrc")
      .flatMap((file) => readText(file).match(/^.*(?:registry *=|:\/\/|_auth).*$/gm) ?? []);

    expect([...lock, ...settings]).toEqual([]);
  });
});

describe("package-lock.json", () => {
  test("has every platform's form of every native package, so that npm ci works on all", () => {
    // A registry that lacks some of them makes npm leave them out without a word, and `npm ci` then
    // refuses the lock file everywhere. The way out is a version that the registry has in full.
    const lock = JSON.parse(readText("package-lock.json")) as {
      packages: Record<string, { optionalDependencies?: Record<string, string> }>;
    };

    const offences = Object.entries(lock.packages).flatMap(([where, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {})
        .filter((name) => !(`node_modules/${name}` in lock.packages))
        .filter((name) => !(`${where}/node_modules/${name}` in lock.packages))
        .map((name) => `${name}, which ${where} wants`),
    );

    expect(offences).toEqual([]);
  });
});

describe("this test", () => {
  test("finds imports of every form, and none in comments", () => {
    const text = [
      'import type { A } from "a";',
      'import "b/side-effect";',
      "import {",
      "  c,",
      '} from "@scope/c/deep";',
      'export { d } from "./d.js";',
      'const e = await import("node:e");',
      "/**",
      ' * import { x } from "in-a-comment";',
      " */",
      '// import { y } from "in-another";',
      "const f = `",
      'import { z } from "in-a-text";`;',
    ].join("\n");

    const found = importsOf(text);

    expect(found.sort()).toEqual(["./d.js", "@scope/c/deep", "a", "b/side-effect", "node:e"]);
  });

  test("knows the folders that its tables name", () => {
    const unknownRooms = [serverRooms, codegenRooms].flatMap((rooms) =>
      Object.values(rooms)
        .flatMap((allowed) => (allowed === "all" ? [] : allowed))
        .filter((room) => !(room in rooms)),
    );
    const unknownPackages = Object.keys(packageRules).filter((f) => !workspaces.includes(f));

    expect([...unknownRooms, ...unknownPackages]).toEqual([]);
  });
});
