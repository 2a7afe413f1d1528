// Errors: what ends an invocation, what is tried again, and when.

import { handler, RetryableError, service, TerminalError } from "@perdure/sdk";
import type { Context } from "@perdure/sdk";
import { bank, CardDeclined, TooBusy } from "./bank.js";

@service({
  retryPolicy: {
    initialInterval: { milliseconds: 20 },
    exponentiationFactor: 2,
    maxInterval: { seconds: 10 },
    maxAttempts: 5, // the first one included
    onMaxAttempts: "pause", // or "kill": ends with the last error
  },
  // Errors of the domain that no retry will mend.
  asTerminalError: (error) =>
    error instanceof CardDeclined
      ? new TerminalError(error.message, { errorCode: 402, metadata: { card: error.card } })
      : undefined,
})
export class Payments {
  @handler()
  async pay(ctx: Context, card: string): Promise<string> {
    if (card === "") throw new TerminalError("no card", { errorCode: 400 });
    return ctx.run("pay", async () => {
      try {
        return await bank.pay(card);
      } catch (error) {
        // The bank says when to come back; the policy's interval does not count then.
        if (error instanceof TooBusy) {
          throw RetryableError.from(error, { retryAfter: { milliseconds: 30 } });
        }
        throw error;
      }
    });
  }
}
