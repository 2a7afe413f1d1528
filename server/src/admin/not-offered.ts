// What the field's tools ask an admin port for and this one does not do: it says so, instead of "nothing is here".
// docs/compatibility.md lists the same, with the reasons.

import { adminErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";

/** The beginning of a path, and what it is; ":" stands for any one part. */
const notOffered: readonly (readonly [path: string, what: string])[] = [
  ["/subscriptions", "Kafka subscriptions are not there: send to the ingress from a consumer"],
  ["/kafka-clusters", "Kafka clusters are not there: send to the ingress from a consumer"],
  ["/query", "SQL is not there: ask for invocations and state by id"],
  ["/ui", "there is no web page yet: use the perdure command"],
  ["/internal/services/:/serdes", "values can't be decoded or encoded by the admin port yet"],
];

/** The error for a path that is known and not offered; undefined where nobody knows it. */
export function findNotOffered(segments: readonly string[]): HttpError | undefined {
  if (segments.length === 0) {
    return new HttpError(
      adminErrors.notBuiltYet,
      "there is no web page yet: use the perdure command",
    );
  }
  const found = notOffered.find(([path]) =>
    path
      .slice(1)
      .split("/")
      .every((part, at) => (part === ":" ? segments[at] !== undefined : part === segments[at])),
  );
  return found === undefined ? undefined : new HttpError(adminErrors.notBuiltYet, found[1]);
}
