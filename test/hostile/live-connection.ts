// A caller that has its connection already, and goes on asking on it.

import { Agent, request } from "node:http";

export class LiveConnection {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #url: string;
  readonly #body: string;
  #asked = 0;

  constructor(url: string, json: unknown) {
    this.#url = url;
    this.#body = JSON.stringify(json);
  }

  /** One call after the other until it says otherwise; how long each took, in milliseconds. */
  async askWhile(goOn: () => boolean): Promise<number[]> {
    const took: number[] = [];
    while (goOn()) {
      const before = performance.now();
      await this.ask();
      took.push(performance.now() - before);
    }
    return took;
  }

  /** @throws Error  any answer but 200, and any connection but the first */
  ask(): Promise<void> {
    const isFirst = this.#asked++ === 0;
    return new Promise((resolve, reject) => {
      const headers = { "content-type": "application/json" };
      const asked = request(this.#url, { method: "POST", agent: this.#agent, headers });
      asked.on("error", reject);
      asked.on("response", (response) => {
        response.resume();
        response.on("end", () => {
          if (response.statusCode !== 200) reject(new Error(`got ${response.statusCode}`));
          else if (!isFirst && !asked.reusedSocket) reject(new Error("the connection was lost"));
          else resolve();
        });
      });
      asked.end(this.#body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
