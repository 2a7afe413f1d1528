// How many requests a port serves at the same time. One that finds all slots taken is refused at once: that
// costs little, and tells its caller while trying again elsewhere still helps.

import type { HttpResponse } from "./messages.js";

export interface RequestSlots {
  /** Slots that there are; Infinity for no limit. */
  readonly max: number;
  /** Takes a slot until the response is done or its client is gone; false where there is none. */
  take(response: HttpResponse): boolean;
}

/** @param max  0 or undefined: no limit */
export function createRequestSlots(max: number | undefined): RequestSlots {
  if (max === undefined || max === 0) return { max: Number.POSITIVE_INFINITY, take: () => true };
  let taken = 0;
  function free(): void {
    taken--;
  }
  return {
    max,
    take: (response) => {
      if (taken >= max) return false;
      taken++;
      response.once("close", free);
      return true;
    },
  };
}

/** After how long another try makes sense, in seconds. */
export const slotRetryAfterSeconds = 1;
