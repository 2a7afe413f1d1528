// Handlers in small sources that import the real SDK, and in the project's own examples.

import { fileURLToPath } from "node:url";
import { Node, Project, type SourceFile } from "ts-morph";
import type { HandlerBody, HandlerFunctionNode } from "../handler-body.js";
import { sdkTypesOf } from "./steps.js";

export const repository: string = fileURLToPath(new URL("../../../../", import.meta.url));

/** A file name for a small source: the SDK resolves from there. */
export function sourcePath(name: string): string {
  return `${repository}codegen/src/read/cases/${name}.ts`;
}

/** One project for many small sources, so that the SDK is read once. */
export function projectOf(sources: Readonly<Record<string, string>>): Project {
  const project = openProject();
  for (const [name, text] of Object.entries(sources)) {
    project.createSourceFile(sourcePath(name), text);
  }
  return project;
}

export function openProject(): Project {
  return new Project({
    tsConfigFilePath: `${repository}codegen/tsconfig.json`,
    skipAddingFilesFromTsConfig: true,
  });
}

/** Every function of a file whose first parameter is a context: handlers, and helpers that may as well be some. */
export function handlersIn(file: SourceFile): HandlerBody[] {
  const sdk = sdkTypesOf(file.getProject().getTypeChecker().compilerObject);
  const found: HandlerBody[] = [];
  for (const node of file.getDescendants()) {
    if (!isHandlerNode(node) || node.getBody() === undefined) continue;
    const [first] = node.getParameters();
    if (first === undefined || !sdk.isContext(first.getType().compilerType)) continue;
    const holder = node.getParent();
    const named = Node.isPropertyAssignment(holder) || Node.isVariableDeclaration(holder);
    const handler =
      (named
        ? holder.getName()
        : Node.isNameable(node) || Node.isMethodDeclaration(node)
          ? node.getName()
          : undefined) ?? "run";
    const ofClass = Node.isClassDeclaration(holder) ? holder.getName() : undefined;
    found.push({
      service: ofClass ?? file.getBaseNameWithoutExtension(),
      handler,
      kind: "shared",
      node,
    });
  }
  return found;
}

function isHandlerNode(node: Node): node is HandlerFunctionNode {
  return (
    Node.isMethodDeclaration(node) ||
    Node.isFunctionDeclaration(node) ||
    Node.isFunctionExpression(node) ||
    Node.isArrowFunction(node)
  );
}
