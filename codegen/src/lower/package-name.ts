// The protobuf package that people choose with --package, and the file that it leads to.

import type { Diagnostic } from "../model/diagnostic.js";

const part = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;
const version = /^v[1-9]\d*(?:test[a-z0-9_]*|(?:p[1-9]\d*)?(?:alpha|beta)\d*)?$/;

/** Packages that are somebody else's on the same port. */
const taken = ["google", "grpc", "perdure"];

/** What is wrong with the package's name, if anything is. */
export function checkPackageName(name: string): Diagnostic | undefined {
  const parts = name.split(".");
  if (name === "" || !parts.every((one) => part.test(one))) {
    return bad(
      `the protobuf package "${name}" is not made of lower_snake_case words with dots between`,
      `name one such as --package ${suggested(name)}`,
    );
  }
  if (taken.includes(parts[0] ?? "")) {
    return bad(
      `the protobuf package "${name}" begins with "${parts[0]}", which has contracts of its own`,
      "begin it with the name of your company or project",
    );
  }
  if (!version.test(parts.at(-1) ?? "") || parts.length === 1) {
    return bad(
      `the protobuf package "${name}" does not end in a version`,
      `add one, so that a contract that breaks callers can stand beside this one: --package ${suggested(name)}`,
    );
  }
  return undefined;
}

/** "tour.v1" -> "tour/v1/tour.proto". */
export function protoPathOf(packageName: string): string {
  const parts = packageName.split(".");
  return `${parts.join("/")}/${parts.at(-2) ?? parts[0]}.proto`;
}

function suggested(name: string): string {
  const words = name
    .split(".")
    .map((one) => one.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_"))
    .map((one) => one.replaceAll(/^[_\d]+|_+$/g, ""))
    .filter((one) => one !== "" && !version.test(one) && !taken.includes(one));
  return `${words.length === 0 ? "tour" : words.join(".")}.v1`;
}

function bad(message: string, advice: string): Diagnostic {
  return { code: "PDR6101", severity: "error", message, advice };
}
