// Which requests are for typed services: POST /{package.Service}/{Method}. What is registered is looked up anew for
// each request, so a service that is replaced is served with its new types at once.

import { ingressErrors } from "../../http/error-codes.js";
import { HttpError } from "../../http/http-error.js";
import type { RegistryView } from "../../shard/registry-view.js";
import { typedServicesOf } from "../../typed/typed-services.js";
import type { Exchange } from "../exchange.js";
import { checkReady } from "../failures.js";
import type { IngressParts } from "../parts.js";
import type { RequestPath } from "../path.js";
import { checkMethod } from "../refusals.js";
import { connectErrorOf } from "../rpc-error.js";
import { isKeyed } from "../target.js";
import { acceptedContentTypes, contentTypeOf, rpcContentTypeOf } from "./content-type.js";
import type { ContentType } from "./content-type.js";
import { refuse } from "./refuse.js";
import { answerTypedCall } from "./typed-call.js";

/**
 * Answers a request for a typed service, and one that speaks gRPC, gRPC-Web or Connect to a service that is not there.
 * False: it is for another route.
 * @param refusal  why it is refused whatever it asks for
 * @throws HttpError  PDR3003, PDR3034, or the refusal, where no protocol is there to tell it in
 */
export function routeTyped(
  parts: IngressParts,
  exchange: Exchange,
  { path, segments }: RequestPath,
  refusal: HttpError | undefined,
): boolean {
  const [serviceName = "", methodName = ""] = segments;
  if (segments.length !== 2 || methodName === "") return false;
  const { head } = exchange;
  if (!parts.ready()) {
    const spoken = spokenBy(exchange);
    if (spoken !== undefined) tell(exchange, spoken, () => checkReady(parts));
    return spoken !== undefined;
  }
  const view = parts.registry();
  if (isCall(view, serviceName, methodName)) return false;
  const { methods, services } = typedServicesOf(view);
  const method = methods.get(path);
  if (method !== undefined) {
    if (head.method !== "POST") checkMethod(exchange, "POST");
    const contentType = contentTypeOf(head.contentType);
    if (contentType === undefined || !isSpeakable(exchange, contentType)) {
      throw refusal ?? refusedContent(exchange, contentType);
    }
    answerTypedCall({ parts, view, exchange, method, contentType, refusal });
    return true;
  }
  const typed = services.get(serviceName);
  const isUntyped = typed === undefined && view.services.has(serviceName);
  const spoken = typed === undefined ? spokenBy(exchange) : contentTypeOf(head.contentType);
  if (spoken === undefined || isUntyped) return false;
  tell(exchange, spoken, () => {
    throw refusal ?? unknownMethod(serviceName, typed === undefined ? undefined : methodName);
  });
  return true;
}

/** The path of a call of the JSON routes, which were there first. */
function isCall(view: RegistryView, serviceName: string, handlerName: string): boolean {
  const service = view.services.get(serviceName);
  return service !== undefined && !isKeyed(service) && service.handlers.has(handlerName);
}

/** The protocol that a request speaks beyond doubt, if it can be answered in it. */
function spokenBy(exchange: Exchange): ContentType | undefined {
  const { contentType, headers, method } = exchange.head;
  if (method !== "POST") return undefined;
  const isConnect = headers.some(({ name }) => name === "connect-protocol-version");
  const spoken = isConnect ? contentTypeOf(contentType) : rpcContentTypeOf(contentType);
  return spoken !== undefined && isSpeakable(exchange, spoken) ? spoken : undefined;
}

/** gRPC needs the trailers of HTTP/2. */
function isSpeakable({ request }: Exchange, { wire }: ContentType): boolean {
  return wire !== "grpc" || request.httpVersionMajor >= 2;
}

/** Answers with what `check` throws, in the words of the protocol. */
function tell(exchange: Exchange, contentType: ContentType, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    refuse(exchange, contentType, connectErrorOf(error));
  }
}

function refusedContent(
  { response, head }: Exchange,
  contentType: ContentType | undefined,
): HttpError {
  if (contentType !== undefined) {
    return new HttpError(
      ingressErrors.httpVersion,
      "gRPC needs HTTP/2; over HTTP/1.1 use Connect or gRPC-Web",
    );
  }
  response.setHeader("accept-post", acceptedContentTypes);
  const given = head.contentType === undefined ? "none" : `"${head.contentType}"`;
  return new HttpError(
    ingressErrors.badContentType,
    `a typed method takes content-type application/json or application/proto, gRPC's or gRPC-Web's; got ${given}`,
  );
}

function unknownMethod(serviceName: string, methodName: string | undefined): HttpError {
  return new HttpError(
    ingressErrors.unknownMethod,
    methodName === undefined
      ? `service "${serviceName}" not found: no registered deployment has protobuf types for it`
      : `service "${serviceName}" has no method "${methodName}"`,
  );
}
