// The services' end of harness/gate.ts. Used inside steps, and outside where executions are counted.

const url = process.env["PERDURE_TEST_GATES"] ?? "";

/** Waits until the test lets it pass. With a note, tells it something. */
export async function pass(name: string, note = ""): Promise<void> {
  const response = await fetch(
    `${url}/${encodeURIComponent(name)}?note=${encodeURIComponent(note)}`,
  );
  await response.text();
}
