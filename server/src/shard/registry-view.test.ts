import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { DeploymentSchema, type Deployment } from "@perdure/proto/storage/v1/records";
import { createRegistryView } from "./registry-view.js";

function deployment(id: string, revisions: Record<string, number>, handler = "greet"): Deployment {
  const services = Object.keys(revisions).map((name) => ({ name, handlers: [{ name: handler }] }));
  return create(DeploymentSchema, { id, manifest: { services }, revisions });
}

describe("a view of the registry", () => {
  test("gives new work of a service to its highest revision, in whatever order they come", () => {
    const old = deployment("dp_1", { Greeter: 1, Counter: 4 }, "old");
    const recent = deployment("dp_2", { Greeter: 2, Counter: 3 }, "recent");
    for (const deployments of [
      [old, recent],
      [recent, old],
    ]) {
      const view = createRegistryView(deployments);

      expect(view.services.get("Greeter")).toMatchObject({ revision: 2, deployment: recent });
      expect(view.services.get("Counter")).toMatchObject({ revision: 4, deployment: old });
      expect(view.services.get("Greeter")?.handlers.has("recent")).toBe(true);
      expect([...view.deployments.keys()].toSorted()).toEqual(["dp_1", "dp_2"]);
    }
  });

  test("knows nothing where nothing is registered", () => {
    const view = createRegistryView([]);

    expect(view.services.size + view.deployments.size).toBe(0);
  });
});
