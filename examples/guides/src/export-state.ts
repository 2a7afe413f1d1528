// The admin port from a script: copies the state of an object from one key to another.

export async function copyState(
  adminUrl: string,
  service: string,
  from: string,
  to: string,
): Promise<void> {
  const source = `${adminUrl}/services/${service}/state/${encodeURIComponent(from)}`;
  const { state } = await json(await fetch(source));
  const target = `${adminUrl}/services/${service}/state/${encodeURIComponent(to)}`;
  const { version } = await json(await fetch(target));

  // Replaces all state, behind the exclusive handlers of the key; not at all if it changed meanwhile.
  const response = await fetch(`${adminUrl}/services/${service}/state`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ object_key: to, version, new_state: state }),
  });
  if (response.status !== 202) throw new Error(await response.text());
}

interface StateBody {
  /** Bytes, by name. */
  readonly state: Readonly<Record<string, readonly number[]>>;
  readonly version: string;
}

async function json(response: Response): Promise<StateBody> {
  if (!response.ok) throw new Error(await response.text());
  return (await response.json()) as StateBody;
}
