// What every part of reading needs: the compiler's view of the code, and where complaints go.

import type { ts } from "ts-morph";
import type { Diagnostic } from "../model/diagnostic.js";
import { comparePlaces, type Place } from "../model/place.js";
import { compilerPlaceOf } from "./places.js";

export interface ReadContext {
  readonly checker: ts.TypeChecker;
  readonly cwd: string;
  readonly diagnostics: Diagnostics;
  /** Declared in TypeScript's own library or in an installed package. */
  isLibrary(file: ts.SourceFile): boolean;
  /** Declared by the SDK, whatever the way to it. */
  isSdk(file: ts.SourceFile): boolean;
}

export interface Complaint {
  readonly code: string;
  readonly severity?: "error" | "warning";
  readonly message: string;
  readonly advice: string;
}

/** Collects what there is to say, each thing once. */
export class Diagnostics {
  readonly #cwd: string;
  readonly #found = new Map<string, Diagnostic>();

  constructor(cwd: string) {
    this.#cwd = cwd;
  }

  report(node: ts.Node | undefined, { severity = "error", ...complaint }: Complaint): void {
    this.add({
      ...complaint,
      severity,
      ...(node === undefined ? {} : { place: compilerPlaceOf(node, this.#cwd) }),
    });
  }

  add(diagnostic: Diagnostic): void {
    this.#found.set(JSON.stringify(diagnostic), diagnostic);
  }

  get hasErrors(): boolean {
    return [...this.#found.values()].some(({ severity }) => severity === "error");
  }

  /** About the project first, then by place. */
  sorted(): readonly Diagnostic[] {
    return [...this.#found.values()].sort(
      (a, b) =>
        compareOptional(a.place, b.place) || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0),
    );
  }
}

function compareOptional(a: Place | undefined, b: Place | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return comparePlaces(a, b);
}
