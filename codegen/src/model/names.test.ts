import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  defaultJsonNameOf,
  lowerCamelOf,
  lowerSnakeOf,
  upperCamelOf,
  upperSnakeOf,
} from "./names.js";

describe("names", () => {
  it.each([
    ["user-signup", "UserSignup", "user_signup"],
    ["verifyEmail", "VerifyEmail", "verify_email"],
    ["HTTPServer", "HTTPServer", "http_server"],
    ["userID", "UserID", "user_id"],
    ["a.b", "AB", "a_b"],
    ["größe", "Grosse", "grosse"],
    ["2fa", "N2fa", "n2fa"],
    ["_id", "Id", "id"],
    ["$ref", "Ref", "ref"],
    ["item1", "Item1", "item1"],
    ["oauth2Token", "Oauth2Token", "oauth2_token"],
    ["日本", "U65e5u672c", "u65e5u672c"],
    ["$", "U24", "u24"],
    ["", "Empty", "empty"],
  ])("%j is %s and %s", (name, upper, lower) => {
    expect([upperCamelOf(name), lowerSnakeOf(name)]).toEqual([upper, lower]);
  });

  it("are identifiers whatever they were", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        expect(upperCamelOf(name)).toMatch(/^[A-Z][A-Za-z0-9]*$/);
        expect(lowerSnakeOf(name)).toMatch(/^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/);
        expect(`X_${upperSnakeOf(name)}`).toMatch(/^[A-Z](?:_?[A-Z0-9]+)*$/);
      }),
    );
  });

  it("know protobuf's own JSON names", () => {
    expect(["verify_email", "item_1", "a", "n2fa"].map(defaultJsonNameOf)).toEqual([
      "verifyEmail",
      "item1",
      "a",
      "n2fa",
    ]);
  });

  it("make constants of services", () => {
    expect(["SignupWorkflow", "HTTPGateway", "HTTP", "A"].map(lowerCamelOf)).toEqual([
      "signupWorkflow",
      "httpGateway",
      "http",
      "a",
    ]);
  });
});
