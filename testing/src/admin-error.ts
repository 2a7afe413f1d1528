// What the admin port says when it refuses.

/** The message of an error's body; the body itself where it has none. */
export function reasonOf(body: string): string {
  try {
    const { message } = JSON.parse(body) as { readonly message?: unknown };
    return typeof message === "string" ? message : body;
  } catch {
    return body;
  }
}
