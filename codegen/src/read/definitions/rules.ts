// What the SDK demands of service types when they are made, said before anything runs.

import {
  handlerKindOf,
  type HandlerKindName,
  type ServiceKindName,
} from "@perdure/protocol/definitions";
import { placeText } from "../../model/place.js";
import { compilerPlaceOf } from "../places.js";
import type { ReadContext } from "../read-context.js";
import type { FoundHandler, FoundService } from "./found.js";

/** The kind that the handler has; undefined, and reported: its service can't have such a handler. */
export function checkedKindOf(
  { diagnostics }: ReadContext,
  service: FoundService,
  { name, given, node }: FoundHandler,
): HandlerKindName | undefined {
  const kind = handlerKindOf(service.kind, name, given);
  if (kind !== undefined) return kind;
  diagnostics.report(node, {
    code: "PDR6006",
    message: `handler ${name} of ${service.name} can't be ${given ?? "shared"}: ${service.name} is ${aKind(service.kind)}`,
    advice: adviceFor(service.kind),
  });
  return undefined;
}

function adviceFor(kind: ServiceKindName): string {
  switch (kind) {
    case "service":
      return "mark it with @handler() or handlers.handler, or make the service an object or a workflow";
    case "object":
      return "mark it with @exclusive() or @shared(), or with those of handlers.object";
    case "workflow":
      return "mark the method called run with @run(), all others with @shared()";
  }
}

function aKind(kind: ServiceKindName): string {
  return kind === "object" ? "an object" : `a ${kind}`;
}

/** Reports a service without what it needs. */
export function checkService({ diagnostics }: ReadContext, service: FoundService): void {
  const { name, kind, handlerNames, node } = service;
  if (name === "") {
    diagnostics.report(node, {
      code: "PDR6006",
      message: `${aKind(kind)} needs a name, and this one's is empty`,
      advice: "give it one",
    });
  }
  if (handlerNames === undefined) return;
  if (handlerNames.length === 0) {
    diagnostics.report(node, {
      code: "PDR6006",
      message: `${name} has no handlers`,
      advice: "mark its handlers with @handler(), @exclusive(), @shared() or @run()",
    });
  } else if (kind === "workflow" && !handlerNames.includes("run")) {
    diagnostics.report(node, {
      code: "PDR6006",
      message: `the workflow ${name} has no handler "run"`,
      advice: "write a method run with @run(), or make it an object",
    });
  }
}

/** The first of each name; reports the others. */
export function withoutTwins(
  { diagnostics, cwd }: ReadContext,
  services: readonly FoundService[],
): readonly FoundService[] {
  const byName = new Map<string, FoundService>();
  for (const service of services) {
    const first = byName.get(service.name);
    if (first === undefined) {
      byName.set(service.name, service);
      continue;
    }
    diagnostics.report(service.node, {
      code: "PDR6007",
      message: `two service types have the name ${service.name}: this one and the one at ${placeText(compilerPlaceOf(first.node, cwd))}`,
      advice: "give one of them another name, or leave one of the files out of the patterns",
    });
  }
  return [...byName.values()];
}
