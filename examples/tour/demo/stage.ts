// What the acts of the story are played with: ask the ingress and check the answer, wait for steps in the
// services' log and check them, read mails. Whatever is not as expected ends the demo.

import { setTimeout as delay } from "node:timers/promises";
import { must, mustEqual, within } from "./failure.js";
import type { Installation } from "./installation.js";
import type { OutputLine } from "./output-log.js";
import { Ingress, perform, type Answer, type Request } from "./requests.js";
import { answered, asked, step } from "./story.js";

const askMs = 20_000;
/** Between two looks at an answer that is not there yet. */
const lookMs = 10;

export interface Expected {
  readonly status: number;
  /** Of an object, the members that matter. */
  readonly body?: unknown;
}

/** Steps that a request causes, as the services log them. */
export interface Steps {
  readonly key: string;
  readonly texts: readonly string[];
  readonly mayRepeat?: string;
}

export class Stage {
  readonly installation: Installation;
  readonly ingress: Ingress;
  /** By workflow key. */
  readonly #progress = new Map<string, Progress>();

  constructor(installation: Installation) {
    this.installation = installation;
    this.ingress = new Ingress(installation.ports.ingress);
  }

  /** Makes a request and checks its answer. Steps that it causes come between the two. */
  async ask(request: Request, expected: Expected, steps?: Steps): Promise<Answer> {
    asked(request);
    return this.answer(request, perform(request), expected, steps);
  }

  /** Makes a request again and again until its answer is the expected one, and tells the last. */
  async askUntil(request: Request, expected: Expected): Promise<void> {
    const look = async (): Promise<Answer> => {
      while (true) {
        const answer = await perform(request);
        if (isAsExpected(answer, expected)) return answer;
        await delay(lookMs);
      }
    };
    asked(request);
    const what = `${request.curl} to answer ${JSON.stringify(expected)}`;
    answered(await within(askMs, what, look()));
  }

  /** The second half of `ask`, for an answer that may take its time. */
  async answer(
    request: Request,
    promise: Promise<Answer>,
    expected: Expected,
    steps?: Steps,
  ): Promise<Answer> {
    const [answer] = await Promise.all([
      promise,
      steps === undefined ? undefined : this.steps(steps.key, steps.texts, steps.mayRepeat),
    ]);
    answered(answer);
    must(
      isAsExpected(answer, expected),
      () => `${request.curl} answered ${JSON.stringify(answer)}, not ${JSON.stringify(expected)}`,
    );
    return answer;
  }

  /**
   * Waits for the next steps of a key, and tells them. Others than these must not have run.
   * @param mayRepeat  a step that may run more often than expected, in a row
   */
  async steps(key: string, texts: readonly string[], mayRepeat?: string): Promise<void> {
    const progress = this.#progress.get(key) ?? { expected: [], told: 0, mayRepeat: new Set() };
    this.#progress.set(key, progress);
    progress.expected.push(...texts);
    if (mayRepeat !== undefined) progress.mayRepeat.add(mayRepeat);

    const lines = await this.installation.servicesLog.find(
      `the step "${texts.at(-1) ?? ""}" of ${key}`,
      (output) => {
        const found = stepsOf(key, output);
        const enough =
          found.length >= progress.expected.length &&
          collapsed(progress, found.map(textOf)).length >=
            collapsed(progress, progress.expected).length;
        return enough ? found : undefined;
      },
    );
    checkSteps(key, progress, lines);
    for (const line of lines.slice(progress.told)) step(`[${key}] ${textOf(line)}`, line.atMs);
    progress.told = lines.length;
  }

  /** The request that the newest verification mail to this key asks for. */
  async mail(key: string): Promise<Request> {
    const line = await this.installation.servicesLog.find(`a mail to ${key}`, (lines) => {
      const mail = lines.findLastIndex(({ text }) => text.startsWith(`[${key}] verification mail`));
      return mail === -1 ? undefined : lines[mail + 1];
    });
    return this.ingress.fromMail(line.text);
  }

  /**
   * After the services have ended: nothing ran that was not expected, and nothing twice.
   * @returns how many steps ran
   */
  checkAllSteps(): number {
    const { lines } = this.installation.servicesLog;
    let count = 0;
    for (const [key, progress] of this.#progress) {
      const found = stepsOf(key, lines);
      checkSteps(key, progress, found);
      count += found.length;
    }
    const total = lines.filter(({ text }) => text.startsWith("[")).length;
    must(total === count, () => `${total} steps ran, expected were ${count}`);
    return count;
  }
}

interface Progress {
  readonly expected: string[];
  told: number;
  readonly mayRepeat: Set<string>;
}

function checkSteps(key: string, progress: Progress, lines: readonly OutputLine[]): void {
  mustEqual(
    collapsed(progress, lines.map(textOf)),
    collapsed(progress, progress.expected),
    `the steps that ran for ${key}`,
  );
}

/** Without the repetitions of what may repeat. */
function collapsed({ mayRepeat }: Progress, texts: readonly string[]): string[] {
  return texts.filter((text, index) => !(mayRepeat.has(text) && texts[index - 1] === text));
}

function stepsOf(key: string, lines: readonly OutputLine[]): OutputLine[] {
  return lines.filter(({ text }) => text.startsWith(`[${key}] `));
}

function textOf({ text }: OutputLine): string {
  return text.replace(/^\[.*?\] /, "").replace(/; to answer it:$/, "");
}

function isAsExpected({ status, body }: Answer, expected: Expected): boolean {
  if (status !== expected.status) return false;
  if (!("body" in expected)) return true;
  return JSON.stringify(partLike(expected.body, body)) === JSON.stringify(expected.body);
}

/** Of an object, the members that the other one has too. */
function partLike(expected: unknown, actual: unknown): unknown {
  if (!isObject(expected) || !isObject(actual)) return actual;
  return Object.fromEntries(Object.keys(expected).map((name) => [name, actual[name]]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
