// Plain HTTP requests, as curl would make them, and their answers whole.

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body as JSON; undefined where it is empty. */
  readonly json: any;
}

export interface RequestOptions {
  readonly method?: string;
  /** Sent as JSON; bytes and `raw` are sent as they are. */
  readonly json?: unknown;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** POST with a body or without; GET when `method` says so. Any status is an answer. */
export async function request(url: string, options: RequestOptions = {}): Promise<Answer> {
  const { method = "POST", json, body, headers, signal } = options;
  const isJson = json !== undefined;
  const response = await fetch(url, {
    method,
    body: isJson ? JSON.stringify(json) : (body ?? null),
    headers: { ...(isJson ? { "content-type": "application/json" } : {}), ...headers },
    ...(signal === undefined ? {} : { signal }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Requests to one address. */
export class Http {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  get(path: string, options: RequestOptions = {}): Promise<Answer> {
    return request(this.url + path, { ...options, method: "GET" });
  }

  /** With `json` as the body where it is given. */
  post(path: string, json?: unknown, options: RequestOptions = {}): Promise<Answer> {
    return request(this.url + path, json === undefined ? options : { ...options, json });
  }

  send(path: string, options: RequestOptions): Promise<Answer> {
    return request(this.url + path, options);
  }
}

/** The answer, or undefined where it takes too long; the request goes on. */
export async function answerWithin(
  timeoutMs: number,
  answer: Promise<Answer>,
): Promise<Answer | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), timeoutMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
