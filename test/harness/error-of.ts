// The error that a promise rejects with, for tests that look into it.

import { expect } from "vitest";

export async function errorOf<E extends Error>(
  errorClass: new (...args: never[]) => E,
  promise: PromiseLike<unknown>,
): Promise<E> {
  const error = await promise.then(
    () => expect.fail("expected an error"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(errorClass);
  return error as E;
}
