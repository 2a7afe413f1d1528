import { expect, test } from "vitest";
import { textTable } from "./text-table.js";

test("columns are as wide as their widest cell, and no line ends in spaces", () => {
  const table = textTable(
    ["NAME", "N", "LAST"],
    [
      ["a", "10", "x"],
      ["longer", "1", ""],
    ],
  );

  expect(table.split("\n")).toEqual(["NAME    N   LAST", "a       10  x", "longer  1"]);
});
