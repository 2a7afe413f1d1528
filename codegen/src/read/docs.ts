// What JSDoc says: the text before the tags, and the tags that codegen knows.

import { ts } from "ts-morph";
import type { Doc } from "../model/types.js";

export interface JsDoc {
  readonly doc: Doc;
  readonly renamedFrom?: string;
  readonly protoType?: Tag;
  readonly protoName?: Tag;
  readonly jsonOnly: boolean;
}

export interface Tag {
  readonly text: string;
  readonly node: ts.Node;
}

const none: JsDoc = { doc: { text: "" }, jsonOnly: false };

/** Of the last comment above the node, as editors take it. Of several nodes: the first that has one. */
export function docOf(...nodes: readonly (ts.Node | undefined)[]): JsDoc {
  for (const node of nodes) {
    const comment = node === undefined ? undefined : commentOf(node);
    if (comment !== undefined) return readComment(comment);
  }
  return none;
}

function commentOf(node: ts.Node): ts.JSDoc | undefined {
  return ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc).at(-1);
}

function readComment(comment: ts.JSDoc): JsDoc {
  const tag = (name: string): Tag | undefined => {
    const found = comment.tags?.find((candidate) => candidate.tagName.text === name);
    return found && { text: textOf(found.comment), node: found };
  };
  const deprecated = tag("deprecated");
  const renamedFrom = tag("renamedFrom");
  const protoType = tag("protoType");
  const protoName = tag("protoName");
  return {
    doc: {
      text: textOf(comment.comment),
      ...(deprecated === undefined ? {} : { deprecated: deprecated.text }),
    },
    jsonOnly: tag("jsonOnly") !== undefined,
    ...(renamedFrom === undefined || renamedFrom.text === ""
      ? {}
      : { renamedFrom: renamedFrom.text }),
    ...(protoType === undefined ? {} : { protoType }),
    ...(protoName === undefined ? {} : { protoName }),
  };
}

function textOf(comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string {
  return (ts.getTextOfJSDocComment(comment) ?? "").replaceAll("\r\n", "\n").trim();
}
