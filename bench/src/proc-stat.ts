// CPU time and memory of processes and of the machine, from /proc (Linux).
// Reads are synchronous and small, so that a sample is one instant.
import { readFileSync } from "node:fs";

/** What /proc counts CPU time in: USER_HZ is 100 on every Linux that Node runs on. */
export const msPerTick = 10;

/** User and system time of all threads of a process so far, in milliseconds. */
export function cpuMsOf(pid: number): number {
  return parseCpuMs(readFileSync(`/proc/${pid}/stat`, "latin1"));
}

/** A process and those that it has started, and so on. */
export function processTree(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1");
  return [pid, ...children.split(" ").filter(Boolean).map(Number).flatMap(processTree)];
}

/** Resident memory of a process, in MB (10^6 bytes). */
export function rssMbOf(pid: number): number {
  const kib = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
  return kib ? (Number(kib[1]) * 1024) / 1e6 : Number.NaN;
}

/** The most resident memory that a process has had, in MB (10^6 bytes). */
export function peakRssMbOf(pid: number): number {
  const kib = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
  return kib ? (Number(kib[1]) * 1024) / 1e6 : Number.NaN;
}

export interface ProcessMemory {
  /** All that is resident. */
  readonly totalMb: number;
  /** Of that, what is no page of a file: heap, stacks, buffers. The pages of files the system takes back when it wants memory. */
  readonly ownMb: number;
}

/** Memory of a process, in MB (10^6 bytes). */
export function memoryOf(pid: number): ProcessMemory {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const own = /^RssAnon:\s*(\d+) kB$/m.exec(status);
  return { totalMb: rssMbOf(pid), ownMb: own ? (Number(own[1]) * 1024) / 1e6 : Number.NaN };
}

export interface MachineTicks {
  readonly idle: number;
  readonly total: number;
}

/** CPU time of the whole machine since it started, in ticks of all its processors. */
export function machineTicks(): MachineTicks {
  return parseMachineTicks(readFileSync("/proc/stat", "latin1"));
}

/** Reads `/proc/PID/stat`; the process name in it may hold spaces and parentheses. */
export function parseCpuMs(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return ticks * msPerTick;
}

/** Reads the first line of `/proc/stat`; waiting for the disk counts as idle. */
export function parseMachineTicks(stat: string): MachineTicks {
  const [, ...columns] = stat.slice(0, stat.indexOf("\n")).split(/\s+/);
  // user nice system idle iowait irq softirq steal; guest time is already part of user.
  const ticks = columns.slice(0, 8).map(Number);
  return {
    idle: (ticks[3] ?? 0) + (ticks[4] ?? 0),
    total: ticks.reduce((sum, value) => sum + value, 0),
  };
}
