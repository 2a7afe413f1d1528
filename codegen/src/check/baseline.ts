// What `--against` names, as manifests to compare with.

import type { Manifest } from "@perdure/proto/manifest/v1/manifest";

export interface Baseline {
  /** What callers may have been written against, each with the services that it speaks for. */
  readonly contracts: readonly Contract[];
  /** What has invocations in flight. Absent: not known. */
  readonly running?: readonly RunningDeployment[];
}

export interface Contract {
  /** "main:gen/manifest.json", "deployment dp_1…". */
  readonly name: string;
  readonly manifest: Manifest;
  /** It has services of others, too: one that is not generated here is only ours by its protobuf package. */
  readonly isShared: boolean;
}

export interface RunningDeployment {
  readonly id: string;
  readonly uri: string;
  /** Invocations that have not ended and belong to it. */
  readonly unfinished: number;
  readonly manifest: Manifest;
}
