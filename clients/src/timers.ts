// Waiting, within what timers can do: a timer of more than 2^31 - 1 ms fires at once, everywhere.

/** The longest wait of one timer: 24.8 days. */
const timerMsMax = 2 ** 31 - 1;

/**
 * Resolves after so many milliseconds, however many.
 * @throws the signal's reason, as soon as it aborts
 */
export async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  let left = ms;
  do {
    await timer(Math.min(left, timerMsMax), signal);
    left -= timerMsMax;
  } while (left > 0);
}

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timeout);
      // The reason is the caller's, whatever it is.
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors
      reject(signal?.reason);
    };
    const timeout = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Aborts with a TimeoutError after so many milliseconds; one of more than 24.8 days, after 24.8 days. */
export function timeoutSignal(ms: number): AbortSignal {
  return AbortSignal.timeout(Math.min(ms, timerMsMax));
}
