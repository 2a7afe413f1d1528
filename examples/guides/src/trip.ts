// Cancellation: it is thrown where the code waits, and compensated like any other failure.

import { CancelledError, handler, isTerminalError, service } from "@perdure/sdk";
import type { Context } from "@perdure/sdk";

/** What is booked, for everybody to see. */
export const bookings: Set<string> = new Set();

@service()
export class Trips {
  @handler()
  async book(ctx: Context, days: number): Promise<string> {
    const undo: (() => Promise<void>)[] = [];
    try {
      undo.push(() => ctx.run("cancel the flight", () => void bookings.delete("flight")));
      await ctx.run("book the flight", () => void bookings.add("flight"));
      undo.push(() => ctx.run("cancel the hotel", () => void bookings.delete("hotel")));
      await ctx.run("book the hotel", () => void bookings.add("hotel"));

      await ctx.serviceClient(Payments).settle(days); // a cancellation goes to it first
      return "booked";
    } catch (error) {
      if (!isTerminalError(error)) throw error; // an attempt that failed: it is tried again
      for (const step of undo.reverse()) await step(); // durable steps work as ever
      if (error instanceof CancelledError) console.log("the trip was cancelled");
      throw error;
    }
  }
}

@service()
export class Payments {
  @handler()
  async settle(ctx: Context, days: number): Promise<void> {
    await ctx.sleep({ days });
  }
}
