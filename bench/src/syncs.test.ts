import { expect, test } from "vitest";
import { countSyncs } from "./syncs.js";

test("syncs are counted by file, an interrupted call once", async () => {
  const lines = [
    "101 09:00:00.000001 fdatasync(7</data/log/1>) = 0",
    "102 09:00:00.000002 fdatasync(7</data/log/1> <unfinished ...>",
    "101 09:00:00.000003 fsync(9</data/tables>) = 0",
    "102 09:00:00.000004 <... fdatasync resumed>) = 0",
    "103 09:00:00.000005 msync(0x7f0000000000, 4096, MS_SYNC) = 0",
    "101 09:00:00.000006 +++ exited with 0 +++",
  ];

  expect([...(await countSyncs(lines))]).toEqual([
    ["/data/log/1", 2],
    ["/data/tables", 1],
    ["(mapped memory)", 1],
  ]);
});
