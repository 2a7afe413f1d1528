// What the benchmark and its load generator, a process of its own, say to each other over IPC.
import type { Percentiles } from "./percentiles.js";

/** Processes whose CPU and memory are read at the edges of the window. */
export interface MeasuredPids {
  readonly server: number;
  readonly services: number;
}

/** Drive one workload; the answer is one LoadResult. */
export interface LoadOrder {
  /** Name of a workload of workloads/index.ts. */
  readonly workload: string;
  /** Ingress port on 127.0.0.1. */
  readonly port: number;
  readonly clients: number;
  /** Either a window of time after a warm-up, or a number of iterations. */
  readonly extent:
    | { readonly kind: "window"; readonly warmupMs: number; readonly windowMs: number }
    | { readonly kind: "iterations"; readonly count: number };
  readonly requestTimeoutMs: number;
  readonly pids: MeasuredPids;
}

export interface LoadResult {
  /** Iterations completed within the window. */
  readonly completed: number;
  /** Length of the window as it really was. */
  readonly windowMs: number;
  readonly latencyMs: Percentiles;
  /** Iterations of the whole order: warm-up, window, and what was in flight at the end. */
  readonly totalCompleted: number;
  readonly errors: number;
  readonly wrong: number;
  readonly unfinished: number;
  readonly complaints: readonly string[];
  /** CPU spent within the window, user and system, all threads. */
  readonly cpuMs: { readonly server: number; readonly services: number; readonly load: number };
  /** Resident memory at the end of the window. */
  readonly rssMb: { readonly server: number; readonly services: number };
  /** Share of the machine's CPU time in the window that nobody used, 0 … 1. */
  readonly idleShare: number;
  /** Share of it that none of the measured processes used: other programs, and the kernel for itself. */
  readonly otherShare: number;
}

/** What the load generator sends back; `failed` means that the order could not be carried out. */
export type LoadReply =
  | { readonly kind: "done"; readonly result: LoadResult }
  | { readonly kind: "failed"; readonly reason: string };
