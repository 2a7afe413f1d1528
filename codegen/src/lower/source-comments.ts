// Comments of a descriptor, by the paths of protobuf's SourceCodeInfo. There is no text that lines could be of, so places
// are ordinals. What has no comment has no place: tools look for comments from end to end.

import { create } from "@bufbuild/protobuf";
import {
  SourceCodeInfoSchema,
  SourceCodeInfo_LocationSchema,
  type SourceCodeInfo,
  type SourceCodeInfo_Location,
} from "@bufbuild/protobuf/wkt";
import type { Doc } from "../model/types.js";

export class SourceComments {
  readonly #locations: SourceCodeInfo_Location[] = [];

  /** Stands above the file, apart from it. */
  addFile(text: string): void {
    this.#locate([12]).leadingDetachedComments.push(text);
  }

  add(path: readonly number[], doc: Doc): void {
    const text = commentOf(doc);
    if (text !== "") this.#locate(path).leadingComments = text;
  }

  finish(): SourceCodeInfo {
    return create(SourceCodeInfoSchema, { location: this.#locations });
  }

  #locate(path: readonly number[]): SourceCodeInfo_Location {
    const span = [this.#locations.length, 0, 0];
    const location = create(SourceCodeInfo_LocationSchema, { path: [...path], span });
    this.#locations.push(location);
    return location;
  }
}

/** As protobuf keeps comments: each line with the space behind its slashes. */
function commentOf({ text, deprecated }: Doc): string {
  const lines = text.trim() === "" ? [] : linesOf(text);
  if (deprecated !== undefined) {
    if (lines.length > 0) lines.push("");
    lines.push(...linesOf(deprecated.trim() === "" ? "Deprecated." : `Deprecated: ${deprecated}`));
  }
  return lines.map((line) => (line === "" ? "\n" : ` ${line}\n`)).join("");
}

function linesOf(text: string): string[] {
  return text
    .trim()
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((line) => line.replaceAll("\0", "").trimEnd());
}
