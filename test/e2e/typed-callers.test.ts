// Callers in other languages: examples/callers, with the code that `buf generate` makes of the tour's .proto at this
// moment, against a server and the tour as they are started by users.
//
// Needs Go and Python 3 with venv on this machine, and their registries. Without the one or the other its test is
// skipped, and says so.

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { useBed } from "../harness/bed.js";
import { findProgram, outputOf } from "../harness/command.js";
import { bufBin, repositoryFolder } from "../harness/paths.js";
import { startTour } from "../harness/tour-process.js";

const bed = useBed("after all");
/** Modules, wheels and a compiler with a cold cache take their time. */
const timeoutMs = 240_000;

let address: string;

beforeAll(async () => {
  const [server, tour] = await Promise.all([bed.startServer(), startTour(bed)]);
  await server.register(tour.url);
  address = server.ingress.url.replace("http://", "");
});

/** A copy of the example beside copies of what it is generated from. */
function copyOf(example: string): string {
  const folder = bed.directory();
  const names = [`examples/callers/${example}`, "examples/tour/gen/proto", "proto"];
  for (const name of names) {
    const to = path.join(folder, name);
    mkdirSync(to, { recursive: true });
    const isSource = (file: string): boolean => !/[\\/](?:gen|venv|__pycache__)$/.test(file);
    cpSync(path.join(repositoryFolder, name), to, { recursive: true, filter: isSource });
  }
  return path.join(folder, "examples/callers", example);
}

const hasGo = findProgram("go") !== undefined;
const hasPython = spawnSync("python3", ["-c", "import ensurepip, venv"]).status === 0;

describe.concurrent(
  "a generated client calls workflows, and knows failures by their details",
  () => {
    test.skipIf(!hasGo)(
      "in Go (needs go)",
      async () => {
        const cwd = copyOf("go");
        // No C compiler is needed.
        const env = { CGO_ENABLED: "0" };
        await outputOf([bufBin, "generate"], { cwd, env, timeoutMs });
        await outputOf(["go", "build", "-o", "caller", "."], { cwd, env, timeoutMs });

        const said = await outputOf([path.join(cwd, "caller"), address, "gopher"], { cwd });

        expect(said.trimEnd().split("\n")).toEqual([
          "submit: new=true again=false same=true",
          "attach: success=true",
          "output: ready=true success=true",
          'watch: create, activate, welcome, {"success":true}',
          "wait: DeadlineExceeded",
          "early: ready=false output=false",
          "late: output=true value=false status=SIGNUP_GET_STATUS_OUTPUT_CLICKED_EMAIL",
          "once: true same=true",
          "later: new=true in an hour=true",
          'failure: Internal "Creation failed."',
          'detail: 500 "Creation failed."',
          "no key: InvalidArgument [PDR3007]",
        ]);
      },
      timeoutMs,
    );

    test.skipIf(!hasPython)(
      "in Python (needs python3 with venv)",
      async () => {
        const cwd = copyOf("python");
        const venv = path.join(cwd, "venv");
        await outputOf(["python3", "-m", "venv", venv], { timeoutMs });
        const env = { PATH: `${venv}/bin${path.delimiter}${process.env["PATH"] ?? ""}` };
        const pip = ["python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        await outputOf([...pip, "--requirement", "requirements.txt"], { cwd, env, timeoutMs });
        await outputOf([bufBin, "generate"], { cwd, env, timeoutMs });

        const said = await outputOf(["python", "main.py", address, "monty"], { cwd, env });

        expect(said.trimEnd().split("\n")).toEqual([
          "submit: new=True again=False same=True",
          "attach: success=True",
          "output: ready=True success=True",
          'watch: create, activate, welcome, {"success":true}',
          "wait: DEADLINE_EXCEEDED",
          "early: ready=False output=False",
          "late: output=True value=False status=SIGNUP_GET_STATUS_OUTPUT_CLICKED_EMAIL",
          "once: True same=True",
          "later: new=True in an hour=True",
          'failure: INTERNAL "Creation failed."',
          'detail: 500 "Creation failed."',
          "no key: INVALID_ARGUMENT PDR3007",
        ]);
      },
      timeoutMs,
    );
  },
);
