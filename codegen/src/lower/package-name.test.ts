import { describe, expect, it } from "vitest";
import { checkPackageName, protoPathOf } from "./package-name.js";

describe("the package's name", () => {
  it.each(["tour.v1", "acme.order_desk.v12", "a.v1beta1", "a.v1alpha", "a.v1test", "a.v1p1beta2"])(
    "may be %s",
    (name) => {
      expect(checkPackageName(name)).toBeUndefined();
    },
  );

  it.each([
    ["tour", /does not end in a version/, /--package tour\.v1$/],
    ["v1", /does not end in a version/, /--package tour\.v1$/],
    ["tour.v0", /does not end in a version/, /tour/],
    ["Tour.v1", /lower_snake_case/, /--package tour\.v1$/],
    ["my-tour.v1", /lower_snake_case/, /--package my_tour\.v1$/],
    ["", /lower_snake_case/, /tour\.v1/],
    ["tour..v1", /lower_snake_case/, /tour\.v1/],
    ["google.tour.v1", /begins with "google"/, /company or project/],
    ["perdure.v1", /begins with "perdure"/, /company or project/],
  ])("can't be %j", (name, message, advice) => {
    const found = checkPackageName(name);
    expect(found?.code).toBe("PDR6101");
    expect(found?.message).toMatch(message);
    expect(found?.advice).toMatch(advice);
  });

  it("says where the file stands", () => {
    expect(protoPathOf("tour.v1")).toBe("tour/v1/tour.proto");
    expect(protoPathOf("acme.orders.v2")).toBe("acme/orders/v2/orders.proto");
  });
});
