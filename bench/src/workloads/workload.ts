// What a workload is to the load generator: an endless source of iterations, each a sequence of
// requests that one client sends in order, every response checked. Latency is that of a whole iteration.
//   W1. A response that is not exactly what the service must answer is counted as wrong, never as done.
//   W2. Keys are fresh for every run (`runId`), so that no run meets the state of another.

export interface Exchange {
  /** The complete HTTP/1.1 request, ASCII. */
  readonly request: string;
  /** Whether status and body are the right answer. */
  readonly isRight: (status: number, body: string) => boolean;
}

export type Iteration = readonly Exchange[];

export interface WorkloadRun {
  next(): Iteration;
  /**
   * Reads that prove afterwards that every iteration took effect exactly once; called when all
   * clients are done, and only if each request was answered.
   */
  verification?(): readonly Iteration[];
}

export interface Workload {
  readonly name: string;
  readonly description: string;
  start(runId: string): WorkloadRun;
}

/** A POST with a JSON body, as both systems' ingress takes it. */
export function post(path: string, body: unknown): string {
  const json = JSON.stringify(body);
  return `POST ${path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\n\r\n${json}`;
}

export function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: bench\r\n\r\n`;
}

/** Right when the answer is 200 with exactly this JSON value. */
export function answers(value: unknown): Exchange["isRight"] {
  const json = JSON.stringify(value);
  return (status, body) => status === 200 && body === json;
}

/** Right when a send was accepted for the first time. */
export function accepted(status: number, body: string): boolean {
  return status === 202 && /"status":\s*"Accepted"/.test(body);
}
