// An answer of the server as rows of a table: a member in words, and its value.

/** What is null is left out; lists and objects are JSON. */
export function factRows(facts: Readonly<Record<string, unknown>>): string[][] {
  return Object.entries(facts)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => {
      const shown = typeof value === "string" ? value : JSON.stringify(value);
      return [name.replaceAll("_", " "), shown];
    });
}
