// The requests of the demo, made as any caller would make them, each with the curl line that does the same.

import { must } from "./failure.js";

export interface Request {
  /** To be typed as it is. */
  readonly curl: string;
  readonly url: string;
  readonly json: string | undefined;
}

export interface Answer {
  readonly status: number;
  /** Parsed; undefined where there is none. */
  readonly body: unknown;
}

export interface Person {
  readonly name: string;
  readonly email: string;
}

const answerMs = 20_000;

/** Requests to the ingress on this port. `target` is Service/key/handler. */
export class Ingress {
  readonly host: string;

  constructor(port: number) {
    this.host = `localhost:${port}`;
  }

  call(target: string, input?: unknown): Request {
    return this.#request(`restate/call/${target}`, input);
  }

  /** @param delay  such as "5m" */
  send(target: string, input: unknown, delay?: string): Request {
    const query = delay === undefined ? "" : `?delay=${delay}`;
    return this.#request(`restate/send/${target}${query}`, input);
  }

  attach(workflowName: string, workflowKey: string): Request {
    return this.#request("restate/attach", { target: "workflow", workflowName, workflowKey });
  }

  /** A method of a generated service, such as tour.v1.SignupWorkflow/Run, as Connect's JSON. */
  typed(method: string, message: unknown): Request {
    return this.#request(method, message);
  }

  /** What a mail says: `curl localhost:8080/restate/… --json '…'`. */
  fromMail(line: string): Request {
    const [, address, json] = /^\s*curl (\S+) --json '(.*)'$/.exec(line) ?? [];
    must(
      address !== undefined && json !== undefined && address.startsWith(`${this.host}/restate/`),
      () => `a verification mail has no curl line for ${this.host}: ${line}`,
    );
    return this.#request(address.slice(`${this.host}/`.length), JSON.parse(json));
  }

  #request(path: string, input: unknown): Request {
    const json = input === undefined ? undefined : JSON.stringify(input);
    const address = `${this.host}/${path}`;
    const quoted = path.includes("?") ? `'${address}'` : address;
    return {
      curl: `curl ${quoted}${json === undefined ? "" : ` --json '${json}'`}`,
      url: `http://${address.replace("localhost", "127.0.0.1")}`,
      json,
    };
  }
}

export async function perform({ url, json }: Request): Promise<Answer> {
  const response = await fetch(url, {
    ...(json === undefined
      ? {}
      : { method: "POST", body: json, headers: { "content-type": "application/json" } }),
    signal: AbortSignal.timeout(answerMs),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}
