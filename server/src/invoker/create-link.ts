// The link that a deployment needs.

import type { Deployment } from "@perdure/proto/storage/v1/records";
import { DeploymentLink } from "./deployment-link.js";
import { isRequestResponse, type Link, type LinkOptions } from "./link.js";
import { RequestLink } from "./request-link.js";

export function createLink(deployment: Deployment, options: LinkOptions): Link {
  return isRequestResponse(deployment)
    ? new RequestLink(deployment, options)
    : new DeploymentLink(deployment, options);
}

/** The link follows what was registered; undefined where that needs a new one: of the other kind, or a session elsewhere. */
export function updatedLink(link: Link, deployment: Deployment): Link | undefined {
  if (link.deployment === deployment) return link;
  if (link.requestResponse !== isRequestResponse(deployment)) return undefined;
  if (!link.requestResponse && !isSameAddress(link.deployment, deployment)) return undefined;
  link.update(deployment);
  return link;
}

function isSameAddress(one: Deployment, other: Deployment): boolean {
  const headers = ({ additionalHeaders }: Deployment): string => JSON.stringify(additionalHeaders);
  return one.uri === other.uri && headers(one) === headers(other);
}
