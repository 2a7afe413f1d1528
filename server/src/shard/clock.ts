// Event time: the wall clock at start plus the monotonic clock, drawn slowly to the wall clock, so that a
// clock that is set does not make timers fire early or stand still. Nor does one that is set back between two
// processes: a start goes on from the newest record.

export interface Clock {
  /** Epoch milliseconds, with a fraction; never goes back. */
  now(): number;
  /** Goes on from `ms` if that is later than now. */
  raiseTo?(ms: number): void;
  /** Of a clock that can be set forward: calls `listener` each time it was. */
  onMoved?(listener: () => void): void;
}

/** How much faster or slower than real time event time may run while it is drawn to the wall clock. */
const drawRatio = 0.05;

export function createClock(
  wall: () => number = Date.now,
  monotonic: () => number = () => performance.now(),
): Clock {
  let { last, time } = atOnce(wall, monotonic);
  return {
    raiseTo(ms): void {
      time = Math.max(time, ms);
    },
    now(): number {
      const now = monotonic();
      const passed = now - last;
      last = now;
      const behind = wall() - (time + passed);
      const bound = passed * drawRatio;
      time += passed + Math.max(-bound, Math.min(bound, behind));
      return time;
    },
  };
}

const looksMax = 10;
const closeMs = 0.5;

/**
 * What both clocks show at one moment. A process may lose its processor for long between two looks: event time would begin
 * as far ahead, and timers would fire early.
 */
function atOnce(
  wall: () => number,
  monotonic: () => number,
): { readonly last: number; readonly time: number } {
  let best = { last: 0, time: 0, apartMs: Infinity };
  for (let look = 0; look < looksMax && best.apartMs > closeMs; look++) {
    const last = monotonic();
    const time = wall();
    const apartMs = monotonic() - last;
    if (apartMs < best.apartMs) best = { last, time, apartMs };
  }
  return best;
}
