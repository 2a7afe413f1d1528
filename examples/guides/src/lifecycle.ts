// What an operator can tell an invocation to do, over the admin port.

export type Verb = "cancel" | "kill" | "pause" | "resume" | "purge" | "purge-journal";

export class Operator {
  readonly #adminUrl: string;

  constructor(adminUrl = "http://127.0.0.1:9070") {
    this.#adminUrl = adminUrl;
  }

  /** 200: it is done. 202: it will be, in a moment. */
  async tell(invocationId: string, verb: Verb): Promise<number> {
    const response = await this.#patch(invocationId, verb);
    return response.status;
  }

  /** Runs what has ended once more, with the same input, as a new invocation. */
  async restart(invocationId: string): Promise<string> {
    const response = await this.#patch(invocationId, "restart-as-new");
    const { new_invocation_id: id } = (await response.json()) as { new_invocation_id: string };
    return id;
  }

  /** scheduled, pending, ready, running, backing-off, suspended, paused or completed. */
  async status(invocationId: string): Promise<string> {
    const response = await fetch(`${this.#adminUrl}/invocations/${invocationId}`);
    const { status } = (await response.json()) as { status: string };
    return status;
  }

  async #patch(invocationId: string, verb: string): Promise<Response> {
    const url = `${this.#adminUrl}/invocations/${invocationId}/${verb}`;
    const response = await fetch(url, { method: "PATCH" });
    if (response.ok) return response;
    const { message, errorCode } = (await response.json()) as {
      message: string;
      errorCode: string;
    };
    throw new Error(`${errorCode}: ${message}`);
  }
}
