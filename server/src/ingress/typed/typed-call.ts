// One unary call of a typed method, whatever its protocol: checks, deadline, body, the engine, the answer. The checks
// are those of the JSON routes and have the same codes; the handler sees what a JSON caller would have sent.
//   C1. A call is answered at most once: by a result, an error, or its deadline, whichever is first.
//   C2. Nothing is submitted for a caller that has gone or whose deadline has passed.
// This is a hot path: a Connect call costs at most half as much again as the same call over the JSON route.

import { readBody } from "../../http/body.js";
import { ingressErrors } from "../../http/error-codes.js";
import { HttpError } from "../../http/http-error.js";
import { isGone } from "../../http/messages.js";
import { timeText } from "../../http/time-text.js";
import type { InvocationRef, Outcome, SubmitRequest } from "../../shard/invocations.js";
import type { RegistryView } from "../../shard/registry-view.js";
import type { TypedMethod, TypedRequest, TypedResponse } from "../../typed/typed-services.js";
import { utf8Of } from "../../typed/utf8.js";
import type { Exchange } from "../exchange.js";
import { checkReady, notFound } from "../failures.js";
import { goneSignal } from "../gone-signal.js";
import type { GoneSignal } from "../../shard/gone-signal.js";
import { checkInput, impliedContentType } from "../input-rule.js";
import { bodyTooLarge, checkHead } from "../invoke.js";
import type { IngressParts } from "../parts.js";
import { headerOf } from "../request-head.js";
import { valueOf } from "../rpc-error.js";
import { checkProtocol, checkPublic } from "../target.js";
import { compress, decompress, wantsGzip } from "./compression.js";
import type { ContentType } from "./content-type.js";
import { deadlineExceeded, timeoutMsOf } from "./deadline.js";
import { envelopeOf } from "./envelope.js";
import type { Envelope } from "./envelope.js";
import { protocolOf } from "./protocols.js";
import type { RpcProtocol } from "./protocol.js";
import { refuse } from "./refuse.js";
import { readRpcHead } from "./rpc-head.js";
import type { RpcHead } from "./rpc-head.js";
import { typedErrorOf } from "./typed-error.js";

/** What a request has beside the handler's input. */
const envelopeBytesMax = 256 * 1024;

const nothing = new Uint8Array(0);

export interface TypedCallOptions {
  readonly parts: IngressParts;
  readonly view: RegistryView;
  readonly exchange: Exchange;
  readonly method: TypedMethod;
  readonly contentType: ContentType;
  /** Why it is refused whatever it asks for. */
  readonly refusal: HttpError | undefined;
}

/** @throws HttpError  PDR3036 */
function textOf(message: Uint8Array): string {
  const text = utf8Of(message);
  if (text !== undefined) return text;
  throw new HttpError(ingressErrors.badMessage, "malformed request: its JSON is not valid UTF-8");
}

/** Answers a call; all errors are answered, too. */
export function answerTypedCall(options: TypedCallOptions): void {
  new TypedCall(options).start();
}

class TypedCall {
  readonly #options: TypedCallOptions;
  readonly #protocol: RpcProtocol;
  readonly #rpc: RpcHead;
  /** The request body, and the message that it holds. */
  readonly #bytesMax: number;
  #gone: GoneSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  constructor(options: TypedCallOptions) {
    const { wire } = options.contentType;
    this.#options = options;
    this.#protocol = protocolOf(wire);
    this.#rpc = readRpcHead(options.exchange.head, wire);
    this.#bytesMax = options.parts.bodyBytesMax + envelopeBytesMax;
  }

  start(): void {
    const { request, head } = this.#options.exchange;
    try {
      this.#checkHead();
    } catch (error) {
      this.#fail(error);
      return;
    }
    readBody(request, head.body, this.#bytesMax, {
      complete: (body) => this.#take(body),
      tooLarge: () => this.#fail(bodyTooLarge(this.#options.parts.bodyBytesMax)),
    });
  }

  #checkHead(): void {
    const { parts, exchange, method, contentType, refusal } = this.#options;
    if (refusal !== undefined) throw refusal;
    checkReady(parts);
    if (method.operation === "call" || method.operation === "submit") {
      checkPublic(method.service, method.handler);
      checkProtocol(method.service);
    }
    checkHead(exchange);
    this.#protocol.check(this.#rpc);
    const timeoutMs = timeoutMsOf(this.#rpc.timeout, contentType.wire);
    if (timeoutMs === 0) throw deadlineExceeded();
    if (method.operation === "call" || method.operation === "submit") {
      const mode = method.operation === "call" ? "call" : "send";
      parts.invocations.admit(mode, method.service.service.name);
    }
    if (timeoutMs === undefined) return;
    this.#timer = setTimeout(() => {
      this.#fail(deadlineExceeded());
      this.#gone?.abort();
    }, timeoutMs);
    exchange.response.once("close", () => clearTimeout(this.#timer));
  }

  #take(body: Uint8Array): void {
    // Whoever has gone has been promised nothing.
    if (this.#isOver || isGone(this.#options.exchange.response)) return;
    try {
      const { bytes, isCompressed } = this.#protocol.messageOf(body, this.#rpc);
      if (isCompressed) this.#inflate(bytes);
      else this.#run(bytes);
    } catch (error) {
      this.#fail(error);
    }
  }

  #inflate(bytes: Uint8Array): void {
    decompress(bytes, this.#bytesMax)
      .then((message) => {
        if (!this.#isOver && !isGone(this.#options.exchange.response)) this.#run(message);
      })
      .catch((error: unknown) => this.#fail(error));
  }

  #run(message: Uint8Array): void {
    const { exchange, method, contentType } = this.#options;
    const asked =
      contentType.codec === "json"
        ? method.readRequestJson(textOf(message))
        : method.readRequest(message);
    const envelope = envelopeOf(method, asked, exchange.head, this.#rpc);
    switch (method.operation) {
      case "call":
        if (envelope.delayMs === undefined) this.#call(asked, envelope);
        else this.#submit(asked, envelope);
        return;
      case "submit":
        this.#submit(asked, envelope);
        return;
      case "attach":
        this.#attach(envelope);
        return;
      case "output":
        this.#output(envelope);
        return;
    }
  }

  #call(asked: TypedRequest, envelope: Envelope): void {
    const { invocations } = this.#options.parts;
    this.#gone = goneSignal(this.#options.exchange.response);
    this.#when(invocations.call(this.#submissionOf(asked, envelope), this.#gone), (outcome) =>
      this.#replyOutcome(outcome, false),
    );
  }

  #submit(asked: TypedRequest, envelope: Envelope): void {
    const { invocations } = this.#options.parts;
    this.#when(invocations.submit(this.#submissionOf(asked, envelope)), (submitted) => {
      const { invocationId, accepted: newlyAccepted, executionTimeMs } = submitted;
      this.#reply(["x-restate-id", invocationId], {
        invocationId,
        newlyAccepted,
        ...(executionTimeMs === undefined ? {} : { executionTimeMs }),
      });
    });
  }

  #attach(envelope: Envelope): void {
    const { parts, exchange } = this.#options;
    this.#gone = goneSignal(exchange.response);
    const ref = this.#refOf(envelope);
    this.#when(parts.invocations.attach(ref, this.#gone), (outcome) => {
      if (outcome === undefined) throw notFound(parts.registry(), ref);
      this.#replyOutcome(outcome, false);
    });
  }

  #output(envelope: Envelope): void {
    const { invocations, registry } = this.#options.parts;
    const ref = this.#refOf(envelope);
    this.#when(invocations.output(ref), (outcome) => {
      if (outcome === undefined) throw notFound(registry(), ref);
      if (outcome === "notReady") {
        const invocationId = invocations.idOf(ref);
        this.#reply(["x-restate-id", invocationId], { invocationId, ready: false });
      } else {
        this.#replyOutcome(outcome, true);
      }
    });
  }

  #refOf({ key = "", scope }: Envelope): InvocationRef {
    const workflow = this.#options.method.service.service.name;
    return { kind: "workflow", workflow, key, scope };
  }

  /** @throws HttpError  PDR3012, PDR3014 */
  #submissionOf(asked: TypedRequest, envelope: Envelope): SubmitRequest {
    const { parts, method } = this.#options;
    const { service, handler } = method;
    const { key, scope, limitKey, idempotencyKey, delayMs = 0 } = envelope;
    const { input } = asked;
    const parameter = input ?? nothing;
    if (parameter.byteLength > parts.bodyBytesMax) throw bodyTooLarge(parts.bodyBytesMax);
    const contentType = input === undefined ? undefined : impliedContentType(handler);
    // There is a type for what is sent: nothing that a wildcard rule could object to.
    const checked = contentType ?? (input === undefined ? undefined : "*/*");
    checkInput(service, handler, checked, parameter.byteLength);
    const headers = this.#rpc.forwarded;
    if (contentType !== undefined) headers.push(headerOf("content-type", contentType));
    return {
      service,
      handler,
      key,
      scope,
      limitKey,
      headers,
      parameter,
      idempotencyKey,
      delayMs,
      admitted: true,
    };
  }

  /** Whatever comes of it, and whatever is thrown while it is answered, is an answer. */
  #when<T>(promise: Promise<T>, reply: (value: T) => void): void {
    promise.then(
      (value) => {
        try {
          if (!this.#isOver) reply(value);
        } catch (error) {
          this.#fail(error);
        }
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #replyOutcome(outcome: Outcome, saysReady: boolean): void {
    const { invocationId, retainedUntilMs } = outcome;
    const output = valueOf(this.#options.view, outcome);
    const headers = ["x-restate-id", invocationId];
    if (retainedUntilMs !== undefined) {
      headers.push("idempotency-expires", timeText(retainedUntilMs));
    }
    this.#reply(
      headers,
      saysReady ? { invocationId, output, ready: true } : { invocationId, output },
    );
  }

  #reply(headers: string[], response: TypedResponse): void {
    const { exchange, method, contentType } = this.#options;
    const { codec } = contentType;
    let bytes: Uint8Array;
    try {
      bytes =
        codec === "json"
          ? Buffer.from(method.writeResponseJson(response))
          : method.writeResponse(response);
    } catch (error) {
      const told = typedErrorOf(error, method.path);
      // The result is kept, and can be read by other means.
      told.metadata.set("x-restate-id", response.invocationId);
      throw told;
    }
    if (!wantsGzip(bytes.byteLength, this.#rpc.accepted)) {
      this.#protocol.reply(exchange, codec, headers, { bytes, isCompressed: false });
      this.#end();
      return;
    }
    this.#when(compress(bytes), (small) => {
      this.#protocol.reply(exchange, codec, headers, { bytes: small, isCompressed: true });
      this.#end();
    });
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#end();
    const { exchange, contentType } = this.#options;
    if (isGone(exchange.response)) return;
    const { head } = exchange;
    const told = typedErrorOf(error, `${head.method} ${head.url}`);
    refuse(exchange, contentType, told);
  }

  #end(): void {
    this.#isOver = true;
    if (this.#timer !== undefined) clearTimeout(this.#timer);
  }
}
