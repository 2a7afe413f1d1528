// Places of nodes in the user's code, as people and editors read them.

import { relative, sep } from "node:path";
import type { Node, ts } from "ts-morph";
import type { Place } from "../model/place.js";

/** Where the node starts, its comments not counted; the file relative to `cwd`. */
export function placeOf(node: Node, cwd: string): Place {
  return compilerPlaceOf(node.compilerNode, cwd);
}

/** As {@link placeOf}, of a node of the compiler itself. */
export function compilerPlaceOf(node: ts.Node, cwd: string): Place {
  const file = node.getSourceFile();
  return placeAt(file, node.getStart(file), cwd);
}

/** @param position  in the text of the file */
export function placeAt(file: ts.SourceFile, position: number, cwd: string): Place {
  const { line, character } = file.getLineAndCharacterOfPosition(position);
  return {
    file: relative(cwd, file.fileName).split(sep).join("/"),
    line: line + 1,
    column: character + 1,
  };
}
