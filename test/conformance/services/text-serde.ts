// Services whose values are text with a mark in front: callers must say how they write and read values.

import {
  handlers,
  object,
  service,
  workflow,
  type Context,
  type ObjectContext,
  type ObjectSharedContext,
  type WorkflowContext,
} from "@perdure/sdk";
import { overriding, marked, type Said } from "../marked-serde.js";

const declared = { input: marked, output: marked };
const overridden = { input: overriding, output: overriding };

export const serdeService = service({
  name: "DefaultSerdeService",
  handlers: {
    echo: handlers.handler(declared, async (_: Context, { value }: Said) => said("service", value)),
    echoOverride: handlers.handler(overridden, async (_: Context, { value }: Said) =>
      said("service override", value),
    ),
  },
});

export const serdeObject = object({
  name: "DefaultSerdeObject",
  handlers: {
    echo: handlers.object.exclusive(declared, async (_: ObjectContext, { value }: Said) =>
      said("object", value),
    ),
    echoOverride: handlers.object.exclusive(overridden, async (_: ObjectContext, input: Said) =>
      said("object override", input.value),
    ),
    wait: handlers.object.exclusive(
      declared,
      async (ctx: ObjectContext<{ id: string }>, { value }: Said) => {
        const serde = value === "override" ? overriding : marked;
        const { id, promise } = ctx.awakeable(serde);
        ctx.set("id", id);
        return promise;
      },
    ),
    id: handlers.object.shared(async (ctx: ObjectSharedContext<{ id: string }>) => ctx.get("id")),
  },
});

export const serdeWorkflow = workflow({
  name: "DefaultSerdeWorkflow",
  handlers: {
    run: handlers.workflow.workflow(declared, async (_: WorkflowContext, { value }: Said) =>
      said("workflow", value),
    ),
  },
});

export const overridingWorkflow = workflow({
  name: "OverridingSerdeWorkflow",
  handlers: {
    run: handlers.workflow.workflow(overridden, async (_: WorkflowContext, { value }: Said) =>
      said("workflow override", value),
    ),
  },
});

function said(who: string, value: string): Said {
  return { value: `${who}: ${value}` };
}
