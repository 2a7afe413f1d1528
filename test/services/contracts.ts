// Contracts without code, as callers import them. The services behind them are in measuring.ts.

import { iface, serde } from "@perdure/sdk";

export const measuring = iface.service("Measuring", {
  measure: iface.serdes({ input: serde.binary, output: serde.binary }),
  double: iface.json<number, number>(),
});

export const tallying = iface.object("Tallying", { tally: iface.json<string, string>() });
