// The three ways in which the conformance tests run: as servers are started by default, with every wait suspended at
// once, and with all keys in one partition. Each file starts one server and one process of services for each mode.

import { randomUUID } from "node:crypto";
import { beforeAll, describe } from "vitest";
import type { Bed } from "../harness/bed.js";
import type { Gates } from "../harness/gate.js";
import type { Answer, RequestOptions } from "../harness/http.js";
import type { ServerProcess } from "../harness/server-process.js";
import type { ServicesProcess, ServicesProcessOptions } from "../harness/services-process.js";
import { until } from "../harness/until.js";

export interface Mode {
  readonly name: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly isAlwaysSuspending: boolean;
}

/** Retries that a test waits for come soon. */
const quick = { "retry-policy-initial-interval": "20ms", "retry-policy-max-interval": "200ms" };

export const modes: readonly Mode[] = [
  { name: "normal", flags: quick, isAlwaysSuspending: false },
  {
    name: "always suspending",
    flags: { ...quick, "inactivity-timeout": "0" },
    isAlwaysSuspending: true,
  },
  { name: "one partition", flags: { ...quick, partitions: "1" }, isAlwaysSuspending: false },
];

/** Services of services/, by the names of their files. */
export function conformanceServices(
  files: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ServicesProcessOptions {
  return { modules: files.map((file) => `../conformance/services/${file}`), env };
}

/** A registered process of services and its server, and what tests ask them. */
export class Stage {
  readonly mode: Mode;
  readonly server: ServerProcess;
  readonly services: ServicesProcess;
  readonly servicesOptions: ServicesProcessOptions;
  readonly gates: Gates;

  constructor(parts: Omit<Stage, "call" | "send" | "attach" | "id" | "detail" | "reaches">) {
    this.mode = parts.mode;
    this.server = parts.server;
    this.services = parts.services;
    this.servicesOptions = parts.servicesOptions;
    this.gates = parts.gates;
  }

  /** `path` is service/handler or service/key/handler. */
  call(path: string, input?: unknown, options: RequestOptions = {}): Promise<Answer> {
    const headers = { "idempotency-key": randomUUID(), ...options.headers };
    const own = path.startsWith("BlockAndWaitWorkflow/") ? options : { ...options, headers };
    return this.server.ingress.post(`/restate/call/${path}`, input, own);
  }

  send(path: string, input?: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.server.ingress.post(`/restate/send/${path}`, input, options);
  }

  attach(id: string): Promise<Answer> {
    return this.server.ingress.get(`/restate/attach/${id}`);
  }

  /** The id of what was sent with a key, so that its result is kept. */
  async id(path: string, input?: unknown): Promise<string> {
    const headers = { "idempotency-key": randomUUID() };
    const answer = await this.send(path, input, { headers });
    if (answer.status !== 202) throw new Error(`${path}: ${answer.status} ${answer.text}`);
    return String(answer.json.invocationId);
  }

  async detail(id: string): Promise<any> {
    return (await this.server.admin.get(`/invocations/${id}`)).json;
  }

  /** Resolves when the invocation has this status. */
  async reaches(id: string, status: string): Promise<void> {
    await until(`${id} is ${status}`, async () => (await this.detail(id))?.status === status);
  }
}

/** @param bed  emptied after all tests of the file */
export async function newStage(
  bed: Bed,
  mode: Mode,
  files: readonly string[],
  flags: Readonly<Record<string, string>> = {},
): Promise<Stage> {
  const gates = await bed.openGates();
  const servicesOptions = conformanceServices(files, {
    PERDURE_TEST_GATES: gates.url,
    CONFORMANCE_VALUE: "from the environment",
  });
  const { server, services } = await bed.serve(servicesOptions, {
    flags: { ...mode.flags, ...flags },
  });
  return new Stage({ mode, server, services, servicesOptions, gates });
}

/** The tests of `body` in every mode: the modes at the same time, the tests of one of them one after the other. */
export function describeModes(body: (mode: Mode) => void): void {
  describe.concurrent.each(modes)("$name", (mode) => {
    describe.sequential("case by case", () => {
      body(mode);
    });
  });
}

/** As {@link describeModes}, with a stage in each. It is there once a test runs. */
export function inEveryMode(
  bed: Bed,
  files: readonly string[],
  body: (stage: () => Stage, mode: Mode) => void,
): void {
  describeModes((mode) => {
    let stage: Stage | undefined;
    beforeAll(async () => {
      stage = await newStage(bed, mode, files);
    });
    const current = (): Stage => {
      if (stage === undefined) throw new Error("the stage is not there yet");
      return stage;
    };
    body(current, mode);
  });
}

export const bytesOf = (value: unknown): number[] => [...Buffer.from(JSON.stringify(value))];
export const valueOf = (bytes: readonly number[]): unknown =>
  JSON.parse(Buffer.from(bytes).toString()) as unknown;
