// What Standard Schema v1 (standardschema.dev) finds, and how it is told: an interface that schema libraries
// implement, so that none of them has to be imported.

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What is wrong, by field: `/user/age: Expected number`. */
export function issuesText(issues: readonly SchemaIssue[]): string {
  return issues
    .map(({ message, path = [] }) => {
      const keys = path.map((segment) =>
        String(typeof segment === "object" ? segment.key : segment),
      );
      return keys.length === 0 ? message : `/${keys.join("/")}: ${message}`;
    })
    .join("; ");
}
