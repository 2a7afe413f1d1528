// An endpoint as an AWS Lambda function: takes the events of function URLs, of API Gateway (both payload formats),
// of load balancers, and of those who invoke the function themselves with {path, httpMethod, headers, body}.

import { readAllBytes } from "@connectrpc/connect/protocol";
import { createEndpointCore } from "./endpoint-core.js";
import { buildEndpoint, type EndpointBuilder } from "./endpoint-builder.js";
import type { EndpointOptions } from "./endpoint-options.js";
import { once } from "./text-response.js";

/** What the kinds of events have in common, as far as it is needed. */
export interface LambdaEvent {
  readonly path?: string;
  readonly httpMethod?: string;
  /** Payload format 2.0, in place of `path`. */
  readonly rawPath?: string;
  readonly requestContext?: { readonly http?: { readonly method?: string } };
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
}

export interface LambdaResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

export type LambdaEndpointHandler = (
  event: LambdaEvent,
  context?: unknown,
) => Promise<LambdaResponse>;

/**
 * Makes a Lambda function of services: `export const handler = createEndpointHandler({ services: [Greeter] })`. Each
 * attempt is one invocation of the function. Behind API Gateway's REST APIs, declare `application/proto` (or all) as a
 * binary media type.
 * @throws DefinitionError  a value is no service, or two have one name
 * @throws ManifestError  the manifest is none, or not that of the code
 * @throws TypeError  an identity key is none
 */
export function createEndpointHandler(options: EndpointOptions): LambdaEndpointHandler {
  const core = createEndpointCore({ ...options, bidirectional: false });
  return async (event) => {
    const response = await core.handle({
      httpVersion: "1.1",
      method: event.httpMethod ?? event.requestContext?.http?.method ?? "POST",
      url: `https://lambda${event.rawPath ?? event.path ?? "/"}`,
      header: headersOf(event),
      body: once(bodyOf(event)),
      signal: new AbortController().signal,
    });
    const body = await readAllBytes(response.body ?? once(new Uint8Array()), bytesMax);
    return {
      statusCode: response.status,
      headers: Object.fromEntries(response.header ?? []),
      body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64"),
      isBase64Encoded: true,
    };
  };
}

/** Lambda's own limit is far below. */
const bytesMax = 0xffff_ffff;

function headersOf({ headers, multiValueHeaders }: LambdaEvent): Headers {
  const all = new Headers();
  for (const [name, values] of Object.entries(multiValueHeaders ?? {})) {
    for (const value of values ?? []) all.append(name, value);
  }
  for (const [name, value] of Object.entries(headers ?? {})) {
    if (value !== undefined && !all.has(name)) all.set(name, value);
  }
  return all;
}

function bodyOf({ body, isBase64Encoded }: LambdaEvent): Uint8Array {
  return Buffer.from(body ?? "", isBase64Encoded === true ? "base64" : "utf8");
}

/** Builds a Lambda function step by step: `endpoint().bind(Greeter).handler()`. */
export interface LambdaEndpoint extends EndpointBuilder {
  handler(): LambdaEndpointHandler;
}

export function endpoint(): LambdaEndpoint {
  return buildEndpoint((options: () => EndpointOptions) => ({
    handler: () => createEndpointHandler(options()),
  }));
}
