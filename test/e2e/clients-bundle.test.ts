// What of the clients ends up in a bundle for browsers: of the generated clients those that are used, and the
// conversion of values only with them.

import { build } from "esbuild";
import { expect, test } from "vitest";
import { testFolder } from "../harness/paths.js";

async function bundled(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: testFolder, loader: "ts" },
    bundle: true,
    write: false,
    platform: "browser",
    format: "esm",
    conditions: ["source"],
    treeShaking: true,
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

test("a bundle has the generated clients that it uses, and what they need", async () => {
  const generated = `
    import { connect, defineObject, defineService } from "@perdure/clients";
    const counter = /* @__PURE__ */ defineObject({ name: "UsedCounter", handlers: { add: {} } });
    const greeter = /* @__PURE__ */ defineService({ name: "UnusedGreeter", handlers: { greet: {} } });
  `;
  const none = await bundled(`${generated} console.log(connect({ url: "http://x" }));`);
  const one = await bundled(
    `${generated} console.log(counter(connect({ url: "http://x" }), "k"));`,
  );

  expect(none).not.toMatch(/UsedCounter|UnusedGreeter|x-perdure-type/);
  expect(one).toContain("UsedCounter");
  expect(one).toContain("x-perdure-type");
  expect(one).not.toContain("UnusedGreeter");
  // Nothing of Node, and nothing of protobuf.
  expect(one).not.toMatch(/node:|protobuf/);
});
