import { describe, expect, test } from "vitest";
import { OptionError, parseOptions } from "./options.js";

describe("parseOptions", () => {
  test("measures Perdure alone with every workload by default", () => {
    expect(parseOptions([])).toMatchObject({
      systems: ["perdure"],
      sleepers: true,
      clients: [1, 10, 50, 200],
      windowMs: 5000,
      repetitions: 3,
    });
  });

  test("adds the peer, and the tuned peer when asked", () => {
    expect(parseOptions(["--against", "restate"])).toMatchObject({
      systems: ["perdure", "restate"],
    });
    expect(parseOptions(["--against", "restate", "--tuned"])).toMatchObject({
      systems: ["perdure", "restate", "restate-tuned"],
    });
  });

  test("takes the experiment with sleepers as one of the workloads", () => {
    expect(parseOptions(["--workloads", "sleepers"])).toMatchObject({
      workloads: [],
      sleepers: true,
    });
    expect(parseOptions(["--workloads", "typed"])).toMatchObject({ workloads: ["typed"] });
    expect(parseOptions(["--workloads", "plain,steps3"])).toMatchObject({
      workloads: ["plain", "steps3"],
      sleepers: false,
    });
  });

  test.each([
    ["an unknown option", ["--fast"]],
    ["an unknown workload", ["--workloads", "steps3,steps4"]],
    ["an unknown peer", ["--against", "temporal"]],
    ["no clients", ["--clients", "0"]],
    ["half a client", ["--clients", "1,2.5"]],
    ["a window without length", ["--seconds", "0"]],
    ["tuning without a peer", ["--tuned"]],
    ["systems named twice over", ["--systems", "restate", "--against", "restate"]],
  ])("refuses %s", (_name, args) => {
    expect(() => parseOptions(args)).toThrow(OptionError);
  });
});
