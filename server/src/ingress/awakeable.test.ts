import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { formatAwakeableId } from "@perdure/protocol/awakeable-id";
import { openTestIngress } from "./ingress.fixture.js";
import type { TestIngress } from "./ingress.fixture.js";

let ingress: TestIngress;

beforeEach(async () => {
  ingress = await openTestIngress();
});
afterEach(() => ingress.port.close());

const invocationId = `inv_1${"0".repeat(33)}`;
const id = formatAwakeableId({ invocationId, signalId: 17 });

function complete(operation: string, body: string): Promise<Response> {
  return fetch(`${ingress.port.address.url}/restate/${operation}`, { method: "POST", body });
}

describe("awakeables", () => {
  test.each([`awakeables/${id}/resolve`, `a/${id}/resolve`])(
    "%s hands the body over as the value",
    async (path) => {
      const response = await complete(path, '{"ok":true}');

      expect(response.status).toBe(202);
      const [signal] = ingress.invocations.signals;
      expect(signal).toMatchObject({ invocationId, signalId: 17, result: { case: "value" } });
      expect(await response.text()).toBe("");
    },
  );

  test.each(["resolve", "reject"])(
    "an id of the older form names one that is gone: %s",
    async (operation) => {
      const older = `prom_1${"aB-_".repeat(9)}AQ`;

      const response = await complete(`a/${older}/${operation}`, "1");

      expect(response.status).toBe(202);
      expect(await response.text()).toBe("");
      expect(ingress.invocations.signals).toHaveLength(0);
    },
  );

  test("a rejection hands the body over as the message of a failure", async () => {
    const response = await complete(`awakeables/${id}/reject`, "nope");

    expect(response.status).toBe(202);
    expect(ingress.invocations.signals).toMatchObject([
      { result: { case: "failure", value: { code: 500, message: "nope" } } },
    ]);
  });
});
