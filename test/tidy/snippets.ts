// Code blocks of the documentation that are files of this repository: a block whose fence names a path
// (```ts examples/guides/src/cart.ts) holds what that file holds, less its first comment.

import { readText } from "./repository.js";

const block = /^(?<fence>```+)(?<language>[a-z]+) (?<file>\S+)\n(?<code>[\s\S]*?)^\k<fence>$/gm;

/** The files that the blocks of a page name. */
export function filesOfSnippets(page: string): string[] {
  return [...page.matchAll(block)].flatMap((match) => match.groups?.["file"] ?? []);
}

/** The page with its blocks as they should be. */
export function withSnippets(page: string): string {
  return page.replace(
    block,
    (_, fence: string, language: string, file: string) =>
      `${fence}${language} ${file}\n${withoutHeader(readText(file))}${fence}`,
  );
}

/** What the file is about is said by the page. */
function withoutHeader(text: string): string {
  return text.replace(/^(?:\/\/.*\n)+\n/, "");
}
