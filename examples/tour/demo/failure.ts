// The demo is also a test: what is not as it must be ends it with this error, which says what was expected.

export class DemoFailure extends Error {
  override readonly name = "DemoFailure";
}

/** @throws DemoFailure */
export function must(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new DemoFailure(message());
}

/** Compares as JSON. @throws DemoFailure */
export function mustEqual(actual: unknown, expected: unknown, what: string): void {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  must(got === wanted, () => `${what}: expected ${wanted}, got ${got}`);
}

/** Rejects when the time is over; the message says what was waited for. */
export async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new DemoFailure(`gave up after ${ms / 1000} s of waiting for ${what}`));
    }, ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
