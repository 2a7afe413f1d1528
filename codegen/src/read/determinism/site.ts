// Where a check looks, and what it found there.

import type { ts } from "ts-morph";
import type { Code } from "../steps/callees.js";
import type { SdkTypes } from "../steps/sdk-types.js";
import type { RuleName, Severity } from "./rules.js";

/** Code that is replayed, or code inside of a step, which is not. */
export type Mode = "handler" | "step";

/** A function as a handler reaches it. */
export interface Site {
  readonly sdk: SdkTypes;
  readonly mode: Mode;
  readonly code: Code;
  /** "Signup/run". */
  readonly handler: string;
  /** The function, where it is not the handler itself. */
  readonly within?: string;
  readonly found: (finding: Omit<Finding, "site">) => void;
}

export interface Finding {
  readonly rule: RuleName;
  readonly node: ts.Node;
  /** The subject of the message: "Date.now()". */
  readonly what: string;
  /** Instead of the rule's. */
  readonly severity?: Severity;
  /** Instead of the rule's. */
  readonly why?: string;
  /** Instead of the rule's. */
  readonly advice?: string;
  readonly site: Site;
}

const longest = 60;

/** Code as a message quotes it: on one line, cut where it is long. */
export function quoted(node: ts.Node): string {
  const text = node.getText().replaceAll(/\s+/g, " ").replaceAll(" .", ".");
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`;
}
