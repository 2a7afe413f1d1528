// JSDoc comments with tags of codegen that belong to nothing. TypeScript takes a comment that follows code on its line
// as one about that code, so that the tag would be ignored without a word: `a: number; /** @protoType int32 */ b: number`.

import { ts } from "ts-morph";
import { placeAt } from "./places.js";
import type { ReadContext } from "./read-context.js";

const comments =
  /\/\*\*(?!\/)(?:(?!\*\/)[^])*?@(protoType|protoName|renamedFrom|jsonOnly)\b[^]*?\*\//g;

export function reportLostTags({ diagnostics, cwd }: ReadContext, file: ts.SourceFile): void {
  for (const { index, 1: tag } of file.text.matchAll(comments)) {
    if (!isLost(file, index)) continue;
    diagnostics.add({
      code: "PDR6019",
      severity: "error",
      place: placeAt(file, index, cwd),
      message: `the tag @${tag} stands in a comment that is about nothing`,
      advice: "put the comment on a line of its own, right above what it is about",
    });
  }
}

/** It is between two tokens, and no JSDoc of either. */
function isLost(file: ts.SourceFile, at: number): boolean {
  let node: ts.Node = file;
  for (;;) {
    if (ts.getJSDocCommentsAndTags(node).some((doc) => doc.pos === at)) return false;
    const inner = ts.forEachChild(node, (child) =>
      child.pos <= at && at < child.end ? child : undefined,
    );
    if (inner === undefined) break;
    node = inner;
  }
  // Inside of a token it is text, such as that of a string.
  return at < node.getStart(file) || node.getChildCount(file) > 0;
}
