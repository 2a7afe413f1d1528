// Versions of the service protocol, and how two sides agree on one.

/** What this release speaks. Version 1: the first. */
export const protocolVersions = { min: 1, max: 1 } as const;

export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** The highest version that both sides speak, or undefined. */
export function commonVersion(ours: VersionRange, theirs: VersionRange): number | undefined {
  const version = Math.min(ours.max, theirs.max);
  return version >= Math.max(ours.min, theirs.min) ? version : undefined;
}
