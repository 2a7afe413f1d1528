// What an import stands for.

import { ts } from "ts-morph";

/** Of an import or a re-export: what it leads to; of all else: itself. */
export function unaliased(
  checker: ts.TypeChecker,
  symbol: ts.Symbol | undefined,
): ts.Symbol | undefined {
  return symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0
    ? checker.getAliasedSymbol(symbol)
    : symbol;
}
