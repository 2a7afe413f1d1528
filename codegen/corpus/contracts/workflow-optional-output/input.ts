import { run, workflow, type WorkflowContext } from "@perdure/sdk";

export interface Report {
  lines: string[];
}

@workflow()
export class Reports {
  @run()
  async run(_: WorkflowContext, days?: number): Promise<Report | undefined> {
    return days === undefined ? undefined : { lines: [] };
  }
}
