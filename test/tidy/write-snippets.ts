// Brings the code blocks of docs/ and the README that are files up to date: npm run docs:snippets.

import { writeFileSync } from "node:fs";
import path from "node:path";
import { listFiles, readText, rootFolder } from "./repository.js";
import { withSnippets } from "./snippets.js";

for (const page of ["README.md", ...listFiles("docs").filter((file) => file.endsWith(".md"))]) {
  const text = readText(page);
  const wanted = withSnippets(text);
  if (wanted !== text) writeFileSync(path.join(rootFolder, page), wanted);
}
