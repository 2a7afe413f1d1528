// Does the code replay? Reads the bodies of handlers and the functions that they reach, outside of steps.
//   D1. What is not sure to break a replay is a warning, or is not said.
//   D2. Each place is told once, with the first handler that reaches it.

import type { Node, Project, ts } from "ts-morph";
import type { Diagnostic } from "../../model/diagnostic.js";
import { comparePlaces, type Place } from "../../model/place.js";
import type { HandlerBody } from "../handler-body.js";
import type { Code } from "../steps/callees.js";
import { sdkTypesOf } from "../steps/steps.js";
import { Reach } from "./reach.js";
import { reasonMissing, rules, suppressesNothing } from "./rules.js";
import type { Finding } from "./site.js";
import { covers, suppressionsOf, type Suppression } from "./suppressions.js";

/** What may break the replay of these handlers, by place. */
export function checkDeterminism(
  bodies: readonly HandlerBody[],
  placeOf: (node: Node) => Place,
): Diagnostic[] {
  const [first] = bodies;
  if (first === undefined) return [];
  const project = first.node.getProject();
  const reach = new Reach(
    sdkTypesOf(project.getTypeChecker().compilerObject),
    bodies.map(({ node, service, handler }) => ({
      code: node.compilerNode as Code,
      handler: `${service}/${handler}`,
    })),
  );
  reach.walk();
  const places = new Places(project, placeOf);
  const suppressions = [...reach.files].flatMap((file) => suppressionsOf(file));
  const found = onePerPlace(reach.findings).filter(
    (finding) => !isSuppressed(finding, suppressions),
  );
  return [
    ...found.map((finding) => diagnosticOf(finding, places)),
    ...suppressions.flatMap((suppression) => aboutSuppression(suppression, places)),
  ].sort((a, b) => compare(a, b));
}

/** A chain of calls (db.select().from(…)) is told once. */
function onePerPlace(findings: readonly Finding[]): readonly Finding[] {
  const first = new Map<string, Finding>();
  for (const finding of findings) {
    const file = finding.node.getSourceFile().fileName;
    const key = `${finding.rule} ${finding.node.getStart()} ${file}`;
    if (!first.has(key)) first.set(key, finding);
  }
  return [...first.values()];
}

function isSuppressed({ rule, node }: Finding, suppressions: readonly Suppression[]): boolean {
  const file = node.getSourceFile();
  let is = false;
  for (const suppression of suppressions) {
    if (suppression.file !== file || !covers(suppression, rules[rule].code, node)) continue;
    suppression.used = true;
    is = true;
  }
  return is;
}

function diagnosticOf(finding: Finding, places: Places): Diagnostic {
  const { rule, node, what, site } = finding;
  const { code, severity, why, advice } = rules[rule];
  const where =
    site.within === undefined
      ? `in ${site.handler}`
      : `in ${site.within}, which ${site.handler} reaches`;
  return {
    code,
    severity: finding.severity ?? severity,
    place: places.of(node.getSourceFile(), node.getStart()),
    message: `${what} ${finding.why ?? why} (${where})`,
    advice: finding.advice ?? advice,
  };
}

function aboutSuppression(suppression: Suppression, places: Places): readonly Diagnostic[] {
  const { file, at, codes, reason, used } = suppression;
  const place = places.of(file, at);
  const text = ["perdure-ignore", codes.join(", ")].join(" ").trim();
  if (codes.length === 0 || reason === "") {
    const missing = codes.length === 0 ? "names no code" : "gives no reason";
    return [
      {
        code: reasonMissing,
        severity: "error",
        place,
        message: `"${text}" ${missing}`,
        advice: "write // perdure-ignore PDR6203: and why the code replays all the same",
      },
    ];
  }
  if (used) return [];
  return [
    {
      code: suppressesNothing,
      severity: "warning",
      place,
      message: `"${text}" suppresses nothing: no such finding is on its line, or on the next one`,
      advice: "remove it, or move it to the line before what it is about",
    },
  ];
}

function compare(a: Diagnostic, b: Diagnostic): number {
  const byPlace = a.place && b.place ? comparePlaces(a.place, b.place) : 0;
  if (byPlace !== 0) return byPlace;
  return a.code < b.code ? -1 : a.code > b.code ? 1 : 0;
}

/** Places of the compiler's own nodes. */
class Places {
  readonly #project: Project;
  readonly #placeOf: (node: Node) => Place;
  readonly #files = new Map<ts.SourceFile, string>();

  constructor(project: Project, placeOf: (node: Node) => Place) {
    this.#project = project;
    this.#placeOf = placeOf;
  }

  of(source: ts.SourceFile, position: number): Place {
    let file = this.#files.get(source);
    if (file === undefined) {
      const known =
        this.#project.getSourceFile(source.fileName) ??
        this.#project.addSourceFileAtPath(source.fileName);
      ({ file } = this.#placeOf(known));
      this.#files.set(source, file);
    }
    const { line, character } = source.getLineAndCharacterOfPosition(position);
    return { file, line: line + 1, column: character + 1 };
  }
}
