// What operators can do with deployments, services and rules, as the admin port sees it.

import type { Manifest, ManifestChange, Options } from "@perdure/proto/manifest/v1/manifest";
import type { Deployment, LimitRule } from "@perdure/proto/storage/v1/records";
import type { RegisteredService, RegistryView } from "../shard/registry-view.js";

export interface RegisterRequest {
  readonly uri: string;
  readonly force: boolean;
  readonly dryRun: boolean;
  readonly additionalHeaders: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly useHttp11: boolean;
  /** One request for each attempt, whatever the endpoint says of itself. Absent: as it says. */
  readonly requestResponse: boolean | undefined;
  /** Refuses what `changes` would warn of. */
  readonly strict: boolean;
  /** What codegen wrote of its services, where the endpoint does not say it itself. */
  readonly manifest?: Manifest | undefined;
}

export interface Registered {
  readonly deployment: Deployment;
  /** False: the address was registered before and nothing changed. */
  readonly created: boolean;
  /** What callers and running work will notice: handlers that are gone, schemas that have changed. */
  readonly changes: readonly string[];
  /** Every difference to what new work runs on now, harmless ones included. */
  readonly manifestChanges: readonly ManifestChange[];
}

/** What of a registered deployment may be changed in place. Absent: stays. */
export interface DeploymentPatch {
  readonly uri?: string;
  readonly useHttp11?: boolean;
  readonly additionalHeaders?: Readonly<Record<string, string>>;
  /** Takes over what the new address offers, too. Else it must offer the same. */
  readonly overwrite: boolean;
  readonly dryRun: boolean;
}

export type OptionsPatch = Partial<
  Pick<
    Options,
    | "ingressPrivate"
    | "idempotencyRetentionMs"
    | "workflowRetentionMs"
    | "journalRetentionMs"
    | "inactivityTimeoutMs"
    | "abortTimeoutMs"
  >
>;

export interface RuleChange {
  readonly pattern: string;
  /** Undefined: no limit. */
  readonly concurrency: number | undefined;
  readonly description: string;
  readonly disabled: boolean;
  readonly precondition:
    | { readonly kind: "none" }
    | { readonly kind: "doesNotExist" }
    | { readonly kind: "matches"; readonly version: number };
}

export interface RuleRemoval {
  readonly pattern: string;
  /** Undefined: whatever it is. */
  readonly expectedVersion: number | undefined;
}

export interface Registrar {
  readonly view: RegistryView;
  /**
   * Discovers an endpoint and registers what it offers. Durable when it resolves.
   * @throws RegistrationError
   */
  register(request: RegisterRequest): Promise<Registered>;
  /**
   * Changes a deployment in place: its address, headers, protocol.
   * @throws RegistrationError
   */
  patch(id: string, patch: DeploymentPatch): Promise<Deployment>;
  /**
   * Removes a deployment. Without `force` only one that nothing needs: no service's newest, nothing unfinished on it.
   * @throws RegistrationError
   */
  remove(id: string, force: boolean): Promise<void>;
  /**
   * Changes options of a service's active revision, until it is registered anew.
   * @throws RegistrationError
   */
  patchService(name: string, options: OptionsPatch): Promise<RegisteredService>;
  /**
   * Adds or replaces rules, all or none.
   * @returns those that were given, as they are now
   * @throws RegistrationError  a precondition does not hold; too many rules
   */
  putRules(changes: readonly RuleChange[]): Promise<LimitRule[]>;
  /**
   * Removes rules, all or none; those that are not there are left out.
   * @returns the patterns that were removed
   * @throws RegistrationError  another version was expected
   */
  deleteRules(rules: readonly RuleRemoval[]): Promise<string[]>;
}

/** Why a deployment was not registered, or something else of the registry not changed. Nothing was changed. */
export class RegistrationError extends Error {
  override readonly name = "RegistrationError";
  /** PDR… */
  readonly code: string;
  /** The code that the field's tools know, if they know one: META…. */
  readonly restateCode: string | undefined;
  readonly httpStatus: number;

  constructor(code: string, restateCode: string | undefined, httpStatus: number, message: string) {
    super(message);
    this.code = code;
    this.restateCode = restateCode;
    this.httpStatus = httpStatus;
  }
}
