import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { answerCommand } from "./answer-command.js";

/** The arguments that a shell would hand to curl. */
function argumentsOf(line: string): string[] {
  const script = `curl() { printf '%s\\n' "$@"; }\n${line}`;
  return execFileSync("sh", ["-c", script], { encoding: "utf8" }).split("\n").slice(0, -1);
}

test("a mail is answered by a curl line with the handler's address and its input", () => {
  const link = {
    service: "SignupWithSignalsWorkflow",
    key: "johndoe",
    handler: "verifyEmail",
    input: { secret: "s3" },
  };

  expect(answerCommand(link, "localhost:8080")).toBe(
    `curl localhost:8080/restate/call/SignupWithSignalsWorkflow/johndoe/verifyEmail --json '{"secret":"s3"}'`,
  );
});

test("a shell hands any key and any input to curl as they are", () => {
  const [key, input] = ["it's/me & $HOME (ü)", { secret: 'it\'s `uname` "$HOME"' }];

  const [address = "", flag, json = ""] = argumentsOf(
    answerCommand({ service: "signup", key, handler: "click", input }, "localhost:8080"),
  );

  const path = new URL(`http://${address}`).pathname.split("/");
  expect(decodeURIComponent(path[4] ?? "")).toBe(key);
  expect(path).toHaveLength(6);
  expect(flag).toBe("--json");
  expect(JSON.parse(json)).toEqual(input);
});
