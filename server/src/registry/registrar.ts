// What operators can do with deployments, as the admin port sees it.

import type { Deployment } from "@perdure/proto/storage/v1/records";
import type { RegistryView } from "../shard/registry-view.js";

export interface RegisterRequest {
  readonly uri: string;
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly additionalHeaders: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Registered {
  readonly deployment: Deployment;
  /** False: the address was registered before and nothing changed. */
  readonly created: boolean;
}

export interface Registrar {
  readonly view: RegistryView;
  /**
   * Discovers an endpoint and registers what it offers. Durable when it resolves.
   * @throws RegistrationError
   */
  register(request: RegisterRequest): Promise<Registered>;
}

/** Why a deployment was not registered. Nothing was changed. */
export class RegistrationError extends Error {
  override readonly name = "RegistrationError";
  /** PDR… */
  readonly code: string;
  /** The code that the field's tools know: META…. */
  readonly restateCode: string;
  readonly httpStatus: number;

  constructor(code: string, restateCode: string, httpStatus: number, message: string) {
    super(message);
    this.code = code;
    this.restateCode = restateCode;
    this.httpStatus = httpStatus;
  }
}
