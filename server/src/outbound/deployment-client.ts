// One request and one answer: unary calls of the service protocol, to one deployment, over HTTP/1.1 or HTTP/2, in
// the clear or not. Connect's protocol, spoken by hand where we have to see status and headers of every answer.

import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import {
  create,
  fromBinary,
  toBinary,
  type DescMethodUnary,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import {
  createMethodUrl,
  readAllBytes,
  type UniversalClientFn,
  type UniversalClientResponse,
} from "@connectrpc/connect/protocol";
import { createNodeHttpClient } from "@connectrpc/connect-node";
import { errorMessage } from "@perdure/protocol/error-message";
import type { AddressGuard } from "./address-guard.js";
import { CallError, parseRetryAfter } from "./call-error.js";
import { Http2Connection } from "./http2-connection.js";
import type { RequestSigner } from "./request-signer.js";

export interface DeploymentAddress {
  /** http or https, with any path. */
  readonly uri: string;
  /** Sent along with everything. */
  readonly headers: Readonly<Record<string, string>>;
  /** Else HTTP/2. */
  readonly useHttp11: boolean;
  /** Signs each request. */
  readonly signer: RequestSigner | undefined;
  /** Decides which addresses may be connected to. Default: all. */
  readonly guard?: AddressGuard | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** The key of the object or workflow that the call is about. */
  readonly subject?: string | undefined;
  /** Of what it answers; more fails the call. Default 256 MiB. */
  readonly answerBytesMax?: number;
}

const contentType = "application/proto";
/** Connections that are silent are asked whether they are alive. */
const pingIntervalMs = 10_000;
const pingTimeoutMs = 10_000;
const keepAliveMs = 10_000;
const answerBytesDefault = 256 * 1024 * 1024;
/** Of an error's body. */
const errorBytesMax = 64 * 1024;
const errorTextMax = 500;

export class DeploymentClient {
  readonly #address: DeploymentAddress;
  readonly #http: UniversalClientFn;
  readonly #disconnect: () => void;
  #underWay = 0;
  #closed = false;

  constructor(address: DeploymentAddress) {
    this.#address = address;
    const { uri, useHttp11, guard } = address;
    const lookup = guard === undefined ? {} : { lookup: guard.lookup };
    if (useHttp11) {
      const options = { keepAlive: true, keepAliveMsecs: keepAliveMs, ...lookup };
      const agent = uri.startsWith("https:") ? new HttpsAgent(options) : new HttpAgent(options);
      this.#http = createNodeHttpClient({ httpVersion: "1.1", nodeOptions: { agent } });
      this.#disconnect = () => {
        agent.destroy();
      };
    } else {
      const connection = new Http2Connection(uri, { pingIntervalMs, pingTimeoutMs }, lookup);
      this.#http = createNodeHttpClient({ httpVersion: "2", sessionProvider: () => connection });
      this.#disconnect = () => {
        connection.abort();
      };
    }
  }

  /** @throws CallError */
  async call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions = {},
  ): Promise<MessageShape<O>> {
    this.#underWay++;
    try {
      this.#address.guard?.check(this.#address.uri);
      const body = toBinary(method.input, create(method.input, request));
      const response = await this.#send(method, body, options);
      const answer = await readAnswer(response, this.#address.uri, options.answerBytesMax);
      return decoded(method, answer, this.#address.uri);
    } catch (error) {
      throw callErrorOf(error);
    } finally {
      this.#underWay--;
      if (this.#closed) this.close();
    }
  }

  /** Lets go of the connections when nothing is under way any more. */
  close(): void {
    this.#closed = true;
    if (this.#underWay === 0) this.#disconnect();
  }

  #send(
    method: DescMethodUnary,
    body: Uint8Array,
    { signal, subject }: CallOptions,
  ): Promise<UniversalClientResponse> {
    const { uri, headers, signer } = this.#address;
    const url = createMethodUrl(uri, method);
    const header = new Headers({
      ...headers,
      ...signer?.headers(new URL(url).pathname, subject),
      "content-type": contentType,
      "connect-protocol-version": "1",
      "content-length": String(body.length),
    });
    return this.#http({
      url,
      method: "POST",
      header,
      body: once(body),
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

/** @throws CallError  it is none of ours */
async function readAnswer(
  response: UniversalClientResponse,
  uri: string,
  answerBytesMax = answerBytesDefault,
): Promise<Uint8Array> {
  const { status, header, body } = response;
  if (status === 200 && header.get("content-type") === contentType) {
    return readWhole(body, answerBytesMax, header.get("content-length"), uri);
  }
  const { reason, message } = await readError(response);
  if (status === 200) {
    throw new CallError(
      "status",
      `${uri} answered with ${header.get("content-type") ?? "no"} content`,
      {
        status,
        reason,
      },
    );
  }
  throw new CallError("status", `status ${String(status)}${message === "" ? "" : `: ${message}`}`, {
    status,
    reason,
    retryAfterMs: parseRetryAfter(header.get("retry-after"), Date.now()),
  });
}

/** @throws CallError  it is too large: another try would bring the same */
async function readWhole(
  body: AsyncIterable<Uint8Array>,
  bytesMax: number,
  announced: string | null,
  uri: string,
): Promise<Uint8Array> {
  try {
    return await readAllBytes(body, bytesMax, announced);
  } catch (error) {
    if (!(error instanceof ConnectError) || error.code !== Code.ResourceExhausted) throw error;
    const message = `the answer of ${uri} has more than ${String(bytesMax)} bytes`;
    throw new CallError("status", message, { status: 200, cause: error });
  }
}

/** @throws CallError  another try would bring the same */
function decoded<I extends DescMessage, O extends DescMessage>(
  { output }: DescMethodUnary<I, O>,
  bytes: Uint8Array,
  uri: string,
): MessageShape<O> {
  try {
    return fromBinary(output, bytes);
  } catch (error) {
    const reason = errorMessage(error);
    const message = `the answer of ${uri} can't be read as ${output.name}: ${reason}`;
    throw new CallError("status", message, { status: 200, cause: error });
  }
}

interface ErrorBody {
  readonly reason: string | undefined;
  readonly message: string;
}

async function readError({ body, header }: UniversalClientResponse): Promise<ErrorBody> {
  let text: string;
  try {
    text = Buffer.from(await readAllBytes(body, errorBytesMax)).toString();
  } catch {
    return { reason: undefined, message: "" };
  }
  if (header.get("content-type")?.startsWith("application/json") === true) {
    try {
      const { code, message } = JSON.parse(text) as Record<string, unknown>;
      return {
        reason: typeof code === "string" ? code : undefined,
        message: typeof message === "string" ? message : text.slice(0, errorTextMax),
      };
    } catch {
      // As it is, then.
    }
  }
  return { reason: undefined, message: text.trim().slice(0, errorTextMax) };
}

function callErrorOf(error: unknown): CallError {
  if (error instanceof CallError) return error;
  const text = rootMessage(error);
  const kind = /protocol error|Parse Error|ERR_HTTP2_ERROR/i.test(text)
    ? "protocol"
    : "unreachable";
  return new CallError(kind, text, { cause: error });
}

/** What happened, without what the layers above made of it. */
function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error) return rootMessage(cause);
  const { rawMessage = error.message } = error as { readonly rawMessage?: string };
  // Several addresses were tried.
  const { errors } = error as { readonly errors?: readonly unknown[] };
  return rawMessage === "" && errors !== undefined ? rootMessage(errors.at(-1)) : rawMessage;
}
