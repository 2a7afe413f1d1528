// Reads the user's code: services and types as plain data, and what is wrong with them. Nothing of it is run.
//   RP1. The same code gives the same result, on any machine: services by name, all else in the order of the code.
//   RP2. What can't be read is reported at its place; nothing is guessed.

import { resolve } from "node:path";
import { Node, type Project, type ts } from "ts-morph";
import type { Diagnostic } from "../model/diagnostic.js";
import type { HandlerKindName, Model } from "../model/services.js";
import type { CodegenSettings } from "../model/settings.js";
import { findServices } from "./definitions/find.js";
import type { FoundHandler, FoundService } from "./definitions/found.js";
import { withoutTwins } from "./definitions/rules.js";
import { checkDeterminism } from "./determinism/determinism.js";
import type { HandlerBody, HandlerFunctionNode } from "./handler-body.js";
import { reportLostTags } from "./lost-tags.js";
import { openProject, type OpenProject } from "./open-project.js";
import { placeOf } from "./places.js";
import { contextOf } from "./program-context.js";
import { Diagnostics, type ReadContext } from "./read-context.js";
import { readService } from "./services.js";
import { reportSdk, reportSyntax } from "./source-errors.js";
import { stepsOf } from "./steps/steps.js";
import { TypeReader } from "./types/type-reader.js";

export interface ReadResult {
  readonly model: Model;
  /** By place. With an error among them, the model is not to be used. */
  readonly diagnostics: readonly Diagnostic[];
  /** The files that the result depends on, absolute: the user's own and those that they import, and the tsconfig. */
  readonly sources: readonly string[];
}

export function readProject(settings: CodegenSettings): ReadResult {
  const diagnostics = new Diagnostics(settings.cwd);
  const opened = openProject(settings, diagnostics);
  return opened === undefined
    ? nothingRead(diagnostics)
    : readOpened(settings, opened, diagnostics);
}

/** As `readProject`, of a project that is open already and may have more files than those that are read. */
export function readOpened(
  settings: CodegenSettings,
  { project, files, tsconfig }: OpenProject,
  diagnostics: Diagnostics = new Diagnostics(settings.cwd),
): ReadResult {
  const program = project.getProgram().compilerObject;
  const context = contextOf(program, settings.cwd, diagnostics);
  const sourceFiles = files.flatMap((file) => program.getSourceFile(file) ?? []);
  for (const file of sourceFiles) reportSyntax(context, program, file);

  const found = sourceFiles.flatMap((file) => {
    reportSdk(context, file);
    return findServices(context, file);
  });
  const services = [...withoutTwins(context, found)].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (services.length === 0 && !diagnostics.hasErrors) reportNoServices(settings, diagnostics);

  const reader = new TypeReader(context);
  const bodies: HandlerBody[] = [];
  const models = services.map((service) =>
    readService(reader, service, (owner, handler, kind) => {
      const body = bodyOf(project, owner, handler, kind);
      if (body === undefined) return { steps: [], complete: false };
      bodies.push(body);
      return stepsOf(body);
    }),
  );
  const place = (node: Node) => placeOf(node, settings.cwd);
  for (const diagnostic of checkDeterminism(bodies, place)) diagnostics.add(diagnostic);
  const types = [...reader.types].sort(([a], [b]) => (a < b ? -1 : 1));
  const typed = types.map(([, { place: at }]) => resolve(settings.cwd, at.file));
  for (const file of new Set([...files, ...typed])) {
    const source = program.getSourceFile(file);
    if (source !== undefined && !context.isLibrary(source)) reportLostTags(context, source);
  }
  return {
    model: { services: models, types: new Map(types) },
    diagnostics: diagnostics.sorted(),
    sources: [...ownFiles(program, context), ...(tsconfig === undefined ? [] : [tsconfig])],
  };
}

function nothingRead(diagnostics: Diagnostics): ReadResult {
  return {
    model: { services: [], types: new Map() },
    diagnostics: diagnostics.sorted(),
    sources: [],
  };
}

/** The handler's code as the checks on it take it; undefined: it stands in a declaration file. */
function bodyOf(
  project: Project,
  service: FoundService,
  { name, code }: FoundHandler,
  kind: HandlerKindName,
): HandlerBody | undefined {
  if (code.body === undefined) return undefined;
  const node = project
    .getSourceFile(code.getSourceFile().fileName)
    ?.getDescendantAtStartWithWidth(code.getStart(), code.getWidth());
  if (node === undefined || !isHandlerFunction(node)) return undefined;
  return { service: service.name, handler: name, kind, node };
}

function isHandlerFunction(node: Node): node is HandlerFunctionNode {
  return (
    Node.isMethodDeclaration(node) ||
    Node.isFunctionDeclaration(node) ||
    Node.isFunctionExpression(node) ||
    Node.isArrowFunction(node)
  );
}

function reportNoServices({ sources }: CodegenSettings, diagnostics: Diagnostics): void {
  diagnostics.report(undefined, {
    code: "PDR6001",
    message: `no services are defined in ${sources.map((glob) => `"${glob}"`).join(", ")}`,
    advice:
      "name the files with classes that have @service(), @object() or @workflow(), or with definitions by the functions of these names",
  });
}

/** Files that may change: not those of TypeScript and of installed packages. */
function ownFiles(program: ts.Program, context: ReadContext): readonly string[] {
  return program
    .getSourceFiles()
    .filter((file) => !context.isLibrary(file))
    .map(({ fileName }) => fileName)
    .sort();
}
