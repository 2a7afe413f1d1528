// What the demo prints. Three kinds of lines under a title: requests with their answers, steps as the
// services log them, and what happens to the processes; steps and events with the time since the title.

import { styleText } from "node:util";
import type { Answer, Request } from "./requests.js";

const { stdout } = process;
const isColourful = stdout.isTTY && process.env["NO_COLOR"] === undefined;
let startedMs = performance.now();

export function say(line = ""): void {
  stdout.write(`${line}\n`);
}

export function title(text: string): void {
  startedMs = performance.now();
  say();
  say(style("bold", text));
}

export function comment(text: string): void {
  say(`   ${text}`);
}

export function asked(request: Request | string): void {
  const line = typeof request === "string" ? request : `$ ${shortened(request.curl)}`;
  say(`   ${style("cyan", line)}`);
}

export function answered({ status, body }: Answer): void {
  const { message } = (body ?? {}) as { readonly message?: unknown };
  const text = typeof message === "string" ? message : JSON.stringify(body);
  say(`     ${[status, text].filter((part) => part !== undefined).join(" ")}`);
}

/** A line of the services' own log. */
export function step(text: string, atMs: number = performance.now()): void {
  say(`     ${style("dim", `${elapsed(atMs)}  ${text}`)}`);
}

/** Something that the demo did to a process, or found out about one. */
export function event(text: string): void {
  say(`     ${elapsed(performance.now())}  ${style("yellow", text)}`);
}

export function verdict(text: string): void {
  say(`   ${style("green", `✓ ${text}`)}`);
}

function elapsed(atMs: number): string {
  const seconds = Math.max(0, atMs - startedMs) / 1000;
  return `${seconds.toFixed(2).padStart(5)} s`;
}

/** Secrets are 36 characters that nobody reads. */
function shortened(curl: string): string {
  return curl.replaceAll(/([0-9a-f]{8})-[0-9a-f-]{27}/g, "$1…");
}

function style(format: Parameters<typeof styleText>[0], text: string): string {
  return isColourful ? styleText(format, text) : text;
}
