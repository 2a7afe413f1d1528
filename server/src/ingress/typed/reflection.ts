// gRPC's server reflection, v1 and v1alpha: how grpcurl, buf curl and the like learn what is served here. The two
// versions are one service under two names.

import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { ServerReflection } from "@perdure/proto/grpc/reflection/v1/reflection";
import type { ServerReflectionRequest } from "@perdure/proto/grpc/reflection/v1/reflection";
import { ServerReflection as ServerReflectionAlpha } from "@perdure/proto/grpc/reflection/v1alpha/reflection";
import type { DescService } from "@bufbuild/protobuf";
import { typedServicesOf } from "../../typed/typed-services.js";
import type { TypedServices } from "../../typed/typed-services.js";
import type { OpenStreams } from "../open-streams.js";
import type { IngressParts } from "../parts.js";
import { reflectionFilesOf, withImports } from "./reflection-files.js";
import type { ReflectedFile, ReflectionFiles } from "./reflection-files.js";

/** What both versions of a request have in common. */
interface AnyRequest {
  readonly host: string;
  readonly messageRequest: ServerReflectionRequest["messageRequest"] | AlphaMessageRequest;
}
type AlphaMessageRequest =
  | { readonly case: "fileContainingExtension"; readonly value: ExtensionName }
  | {
      readonly case: "fileByFilename" | "fileContainingSymbol";
      readonly value: string;
    }
  | { readonly case: "allExtensionNumbersOfType" | "listServices"; readonly value: string }
  | { readonly case: undefined };

interface ExtensionName {
  readonly containingType: string;
  readonly extensionNumber: number;
}

/** What both versions of a response have in common. */
type Answer =
  | { case: "fileDescriptorResponse"; value: { fileDescriptorProto: Uint8Array[] } }
  | {
      case: "allExtensionNumbersResponse";
      value: { baseTypeName: string; extensionNumber: number[] };
    }
  | { case: "listServicesResponse"; value: { service: { name: string }[] } }
  | { case: "errorResponse"; value: { errorCode: number; errorMessage: string } };

/**
 * Adds reflection to what is served.
 * @param ownServices  the server's contracts, to be found beside the typed services
 */
export function addReflection(
  router: ConnectRouter,
  parts: IngressParts,
  ownServices: readonly DescService[],
  streams: OpenStreams,
): void {
  const known = new WeakMap<TypedServices, ReflectionFiles>();
  function filesNow(): ReflectionFiles {
    const typed = typedServicesOf(parts.registry());
    const there = known.get(typed);
    if (there !== undefined) return there;
    const files = reflectionFilesOf(typed, ownServices);
    known.set(typed, files);
    return files;
  }

  async function* answers<T extends AnyRequest>(
    requests: AsyncIterable<T>,
  ): AsyncGenerator<{ validHost: string; originalRequest: T; messageResponse: Answer }> {
    for await (const request of streams.through(requests)) {
      yield {
        validHost: request.host,
        originalRequest: request,
        messageResponse: answerOf(filesNow(), request.messageRequest),
      };
    }
  }
  router.service(ServerReflection, { serverReflectionInfo: (requests) => answers(requests) });
  router.service(ServerReflectionAlpha, { serverReflectionInfo: (requests) => answers(requests) });
}

function answerOf(files: ReflectionFiles, asked: AnyRequest["messageRequest"]): Answer {
  switch (asked.case) {
    case "listServices":
      return {
        case: "listServicesResponse",
        value: { service: files.services.map((name) => ({ name })) },
      };
    case "fileByFilename":
      return fileAnswer(files.fileOf(asked.value), `file "${asked.value}"`);
    case "fileContainingSymbol":
      return fileAnswer(files.fileOfSymbol(asked.value), `symbol "${asked.value}"`);
    case "fileContainingExtension": {
      const { containingType, extensionNumber } = asked.value;
      const file = files.fileOfExtension(containingType, extensionNumber);
      return fileAnswer(file, `extension ${extensionNumber} of "${containingType}"`);
    }
    case "allExtensionNumbersOfType": {
      const numbers = files.extensionsOf(asked.value);
      if (numbers === undefined) return failed(Code.NotFound, `type "${asked.value}" not found`);
      return {
        case: "allExtensionNumbersResponse",
        value: { baseTypeName: asked.value, extensionNumber: [...numbers] },
      };
    }
    default:
      return failed(Code.InvalidArgument, "the request asks for nothing that is known here");
  }
}

function fileAnswer(file: ReflectedFile | undefined, what: string): Answer {
  if (file === undefined) return failed(Code.NotFound, `${what} not found`);
  // The file that was asked for comes first: some clients take no other.
  const all = [...withImports(file)].reverse();
  return {
    case: "fileDescriptorResponse",
    value: { fileDescriptorProto: all.map(({ bytes }) => bytes) },
  };
}

function failed(errorCode: Code, errorMessage: string): Answer {
  return { case: "errorResponse", value: { errorCode, errorMessage } };
}
