// The links to all deployments that anything was wanted from: made when they are first asked for, and closed when their
// deployment has gone, or needs another.

import type { Deployment } from "@perdure/proto/storage/v1/records";
import { parseReadyGroup } from "../core/ready.js";
import type { RegistryView } from "../shard/registry-view.js";
import { createLink, updatedLink } from "./create-link.js";
import type { Link, LinkOptions } from "./link.js";

export interface LinksOptions {
  readonly view: () => RegistryView;
  readonly link: LinkOptions;
  /** The link is not used any more, and about to be closed. */
  readonly onLeft: (link: Link) => void;
}

export class Links {
  readonly #options: LinksOptions;
  readonly #byDeployment = new Map<string, Link>();

  constructor(options: LinksOptions) {
    this.#options = options;
  }

  /** The link to where a group's rows are started; undefined where nobody takes them. */
  of(groupName: string): Link | undefined {
    const view = this.#options.view();
    const group = parseReadyGroup(groupName);
    const deployment =
      group.kind === "deployment"
        ? view.deployments.get(group.id)
        : view.services.get(group.name)?.deployment;
    return deployment === undefined ? undefined : this.#to(deployment);
  }

  isCurrent(link: Link): boolean {
    return this.#byDeployment.get(link.deployment.id) === link;
  }

  /** Deployments have come, changed or gone. */
  registryChanged(): void {
    const { deployments } = this.#options.view();
    for (const [id, link] of this.#byDeployment) {
      const deployment = deployments.get(id);
      if (deployment !== undefined && updatedLink(link, deployment) !== undefined) continue;
      this.#byDeployment.delete(id);
      this.#leave(link);
    }
  }

  close(): void {
    for (const link of this.#byDeployment.values()) link.close();
  }

  #to(deployment: Deployment): Link {
    const known = this.#byDeployment.get(deployment.id);
    const link = known === undefined ? undefined : updatedLink(known, deployment);
    if (link !== undefined) return link;
    if (known !== undefined) this.#leave(known);
    const created = createLink(deployment, this.#options.link);
    this.#byDeployment.set(deployment.id, created);
    return created;
  }

  #leave(link: Link): void {
    this.#options.onLeft(link);
    link.close();
  }
}
