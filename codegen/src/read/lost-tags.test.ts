import { expect, test } from "vitest";
import { readCode } from "./project.fixture.js";

const head = 'import { handler, service, type Context } from "@perdure/sdk";';

test("a tag that TypeScript takes as one about nothing is an error, any other is none", () => {
  const { problems } = readCode({
    "lib/types.ts": "export interface Far { a: string; /** @renamedFrom c */ b: string }",
    "lost.ts": [
      head,
      'import type { Far } from "../lib/types.js";',
      "export interface Lost { a: number; /** @protoType int32 */ b: number }",
      "@service() export class L {",
      "  @handler() async h(_: Context, lost: Lost): Promise<Far> { return { a: String(lost.b), b: String(lost.a) }; }",
      "  /** @jsonOnly */",
      "}",
    ].join("\n"),
    "kept.ts": [
      head,
      "export interface Kept {",
      "  /** In cents. @see other",
      "   * @protoType int32 */",
      "  a: number; /* @protoType is no JSDoc here */ b: number;",
      "}",
      'const text = "/** @protoType int32 */", template = `/** @jsonOnly */ ${text} /** @jsonOnly */`;',
      "/** @protoName Other */ export interface Renamed { a: string }",
      "@service() export class K {",
      "  @handler() async h(_: Context, /** @protoType int32 */ n: number): Promise<Kept & Renamed> {",
      "    return { a: n as never, b: template.length };",
      "  }",
      "}",
    ].join("\n"),
  });

  expect(problems()).toContain(
    "PDR6019 lib/types.ts:1:35 the tag @renamedFrom stands in a comment that is about nothing",
  );
  expect(problems("kept.ts")).toEqual([]);
  expect(problems("lost.ts")).toEqual([
    "PDR6019 src/lost.ts:3:36 the tag @protoType stands in a comment that is about nothing",
    "PDR6019 src/lost.ts:6:3 the tag @jsonOnly stands in a comment that is about nothing",
  ]);
}, 60_000);
