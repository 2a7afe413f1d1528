// The documentation, held to what it talks about: code blocks are files that are compiled and run, links lead
// somewhere, error codes exist.

import path from "node:path";
import { describe, expect, test } from "vitest";
import { listFiles, readText } from "./tidy/repository.js";
import { filesOfSnippets, withSnippets } from "./tidy/snippets.js";

const files = new Set(listFiles());
const pages = [...files].filter(
  (file) => file.endsWith(".md") && (file.startsWith("docs/") || !file.includes("/")),
);
const guides = pages.filter((page) => /^docs\/guides\/(?!README)/.test(page));

/** As GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const text = readText(page).replace(/^```[\s\S]*?^```$/gm, "");
  return new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
      heading
        .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replace(/\s/g, "-"),
    ),
  );
}

describe("code blocks", () => {
  test.each(pages)("of %s that name a file hold what is in it (npm run docs:snippets)", (page) => {
    const text = readText(page);

    expect(text).toBe(withSnippets(text));
  });

  test("show every example of the guides, and every guide has one", () => {
    const shown = new Set(pages.flatMap((page) => filesOfSnippets(readText(page))));
    const examples = [...files].filter((file) => file.startsWith("examples/guides/src/"));
    const helpers = ["bank.ts", "shop.ts"].map((name) => `examples/guides/src/${name}`);

    const hidden = examples.filter((file) => !shown.has(file) && !helpers.includes(file));
    const without = guides.filter((page) => filesOfSnippets(readText(page)).length === 0);

    expect([...hidden, ...without]).toEqual([]);
  });

  test("of every example are run by a test", () => {
    const runs = ["guides", "guides-running"]
      .map((name) => readText(`test/e2e/${name}.test.ts`))
      .join("\n");

    const idle = [...files]
      .filter((file) => file.startsWith("examples/guides/src/") && !file.endsWith(".test.ts"))
      .map((file) => path.basename(file, ".ts"))
      .filter((name) => !runs.includes(`"@perdure/example-guides/${name}"`))
      .filter((name) => !runs.includes(`"examples/guides/src/${name}.ts"`));

    expect(idle).toEqual([]);
  });
});

describe("links", () => {
  test("lead to files and headings that are there", () => {
    const offences = pages.flatMap((page) =>
      [...readText(page).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].flatMap(
        ([link, to = "", anchor]) => {
          const target = to === "" ? page : path.posix.join(path.posix.dirname(page), to);
          const isFolder = [...files].some((file) => file.startsWith(`${target}/`));
          if (!files.has(target) && !isFolder) return [`${page}: ${link} leads nowhere`];
          if (anchor === undefined || anchorsOf(target).has(anchor)) return [];
          return [`${page}: ${link}: no such heading`];
        },
      ),
    );

    expect(offences).toEqual([]);
  });

  test("from the index lead to every guide", () => {
    const index = readText("docs/guides/README.md");

    expect(guides.filter((page) => !index.includes(`(${path.basename(page)})`))).toEqual([]);
  });
});

describe("error codes", () => {
  const listed = [...readText("docs/errors.md").matchAll(/^## (PDR\d{4}) /gm)].map(
    ([, code = ""]) => code,
  );

  test("that pages mention are listed", () => {
    const offences = pages.flatMap((page) =>
      (readText(page).match(/PDR\d{4}/g) ?? [])
        .filter((code) => !listed.includes(code))
        .map((code) => `${page}: ${code}`),
    );

    expect(offences).toEqual([]);
  });

  test("that are listed are used", () => {
    const sources = [...files]
      .filter((file) => /^[a-z]+\/src\/.*(?<!\.test|\.fixture)\.ts$/.test(file))
      .map(readText)
      .join("\n");

    expect(listed.filter((code) => !sources.includes(code))).toEqual([]);
  });

  test("are listed once, in order", () => {
    expect(listed).toEqual([...new Set(listed)].toSorted());
  });
});
