// `// perdure-ignore PDR6203: reason`: on the line of what it suppresses, on the line before it, or in the JSDoc of a
// function for all of it.

import { ts } from "ts-morph";
import { isCode } from "../steps/callees.js";

export interface Suppression {
  readonly file: ts.SourceFile;
  /** Of the words in the comment. */
  readonly at: number;
  readonly codes: readonly string[];
  readonly reason: string;
  /** What it covers, as positions: from, to. */
  readonly covers: readonly [number, number];
  used: boolean;
}

const words = /perdure-ignore\b(?<codes>(?:[ \t]*,?[ \t]*PDR\d{4})*)[ \t]*(?::(?<reason>[^\n]*))?/g;

export function suppressionsOf(file: ts.SourceFile): readonly Suppression[] {
  const text = file.getFullText();
  if (!text.includes("perdure-ignore")) return [];
  return commentsOf(file).flatMap((comment) => {
    const content = text.slice(comment.pos, comment.end);
    return [...content.matchAll(words)].map((match): Suppression => {
      const { codes = "", reason = "" } = match.groups ?? {};
      return {
        file,
        at: comment.pos + match.index,
        codes: codes.match(/PDR\d{4}/g) ?? [],
        reason: reason.replace(/\*\/\s*$/, "").trim(),
        covers: coverOf(file, comment),
        used: false,
      };
    });
  });
}

/** Whether it says that what was found here is all right. */
export function covers(suppression: Suppression, code: string, node: ts.Node): boolean {
  if (!suppression.codes.includes(code)) return false;
  const [from, to] = suppression.covers;
  const starts = [node.getStart(), statementOf(node).getStart()];
  return starts.some((start) => start >= from && start < to);
}

/** The statement, or the member, that a node is in. */
function statementOf(node: ts.Node): ts.Node {
  let at = node;
  while (!ts.isStatement(at) && !ts.isClassElement(at) && !ts.isSourceFile(at.parent)) {
    at = at.parent;
  }
  return ts.isBlock(at) ? node : at;
}

function commentsOf(file: ts.SourceFile): readonly ts.CommentRange[] {
  const text = file.getFullText();
  const found = new Map<number, ts.CommentRange>();
  const visit = (node: ts.Node): void => {
    for (const comment of [
      ...(ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []),
      ...(ts.getTrailingCommentRanges(text, node.getEnd()) ?? []),
    ]) {
      found.set(comment.pos, comment);
    }
    for (const child of node.getChildren(file)) {
      if (!ts.isJSDoc(child)) visit(child);
    }
  };
  visit(file);
  return [...found.values()].sort((a, b) => a.pos - b.pos);
}

function coverOf(file: ts.SourceFile, comment: ts.CommentRange): readonly [number, number] {
  const text = file.getFullText();
  const isDoc = text.startsWith("/**", comment.pos);
  if (isDoc) {
    const documented = functionBehind(file, comment);
    if (documented !== undefined) return [documented.getStart(), documented.getEnd()];
  }
  const lines = file.getLineStarts();
  const first = file.getLineAndCharacterOfPosition(comment.pos).line;
  const line = (at: number): readonly [number, number] => [
    lines[at] ?? text.length,
    lines[at + 1] ?? text.length + 1,
  ];
  // Behind code: for the line that it stands on.
  if (text.slice(lines[first], comment.pos).trim() !== "") return line(first);
  let next = file.getLineAndCharacterOfPosition(comment.end).line + 1;
  while (next < lines.length && isComment(text.slice(...line(next)))) next++;
  return line(next);
}

function isComment(line: string): boolean {
  return /^\s*(\/\/|\/\*|\*)/.test(line);
}

/** The function that a doc comment is about. */
function functionBehind(file: ts.SourceFile, comment: ts.CommentRange): ts.Node | undefined {
  let found: ts.Node | undefined;
  const visit = (node: ts.Node): void => {
    if (found !== undefined || node.getFullStart() > comment.pos || node.getEnd() < comment.end)
      return;
    const isAbout = node.getFullStart() <= comment.pos && node.getStart(file) >= comment.end;
    if (isAbout && holdsCode(node)) found = node;
    else ts.forEachChild(node, visit);
  };
  ts.forEachChild(file, visit);
  return found;
}

function holdsCode(node: ts.Node): boolean {
  if (isCode(node) || ts.isClassLike(node)) return true;
  if (ts.isVariableStatement(node)) {
    return node.declarationList.declarations.some(
      ({ initializer }) => initializer !== undefined && isCode(initializer),
    );
  }
  return ts.isPropertyAssignment(node) || ts.isPropertyDeclaration(node);
}
