// A roll-out: registers new code, waits until the old code has nothing left to do, removes its deployment.

interface DeploymentInUse {
  readonly id: string;
  readonly status: "active" | "draining" | "drained";
}

/** @returns the ids of the deployments that were removed */
export async function rollOut(adminUrl: string, uri: string): Promise<string[]> {
  // Refused where callers would notice: a handler gone, a schema changed.
  await ask(adminUrl, "POST", "/deployments", { uri, strict: true });

  const removed: string[] = [];
  for (;;) {
    const { deployments } = (await ask(adminUrl, "GET", "/deployments?include=status")) as {
      deployments: DeploymentInUse[];
    };
    for (const { id } of deployments.filter(({ status }) => status === "drained")) {
      await ask(adminUrl, "DELETE", `/deployments/${id}`);
      removed.push(id);
    }
    if (deployments.every(({ status }) => status !== "draining")) return removed;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function ask(url: string, method: string, path: string, body?: object): Promise<unknown> {
  const response = await fetch(`${url}${path}`, {
    method,
    ...(body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text === "" ? undefined : JSON.parse(text);
}
