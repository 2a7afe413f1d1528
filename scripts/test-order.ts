// In which order vitest runs test files: the simulation first, then what starts processes, then the rest.
//
// The simulation takes as long as it is told to, on one core: what begins with it runs beside it. And what is short comes
// last, so that all workers end at about the same time.

import { BaseSequencer, type TestSpecification } from "vitest/node";

export class TestOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((one, other) => turnOf(one) - turnOf(other));
  }
}

interface Ordered {
  readonly moduleId: string;
  readonly project: { readonly name: string };
}

/** Lower is earlier. */
export function turnOf({ moduleId, project }: Ordered): number {
  if (project.name !== "e2e") return 2;
  return moduleId.includes("/simulation/") ? 0 : 1;
}
