// Headers that carry credentials, as the admin port shows them: by name, without their values. Handlers and endpoints
// get them as they are; what is stored is as it came.

import type { Entry, Header } from "@perdure/proto/protocol/v1/journal";
import { adminErrors } from "../http/error-codes.js";
import { HttpError } from "../http/http-error.js";

export const redactedValue = "***";

export interface Redaction {
  /** A copy in which values are hidden. */
  headers(headers: Readonly<Record<string, string>>): Record<string, string>;
  /** A copy, where there is something to hide. */
  entries(entries: readonly Entry[]): Entry[];
  /**
   * What was shown as hidden must not be stored as if it were the value.
   * @throws HttpError  PDR4221
   */
  checkUnredacted(headers: Readonly<Record<string, string>>): void;
}

/** @param names  in lower case; `*` stands for any characters */
export function createRedaction(names: readonly string[]): Redaction {
  const patterns = names.map(patternOf);
  const hides = (name: string): boolean => {
    const known = name.toLowerCase();
    return patterns.some((pattern) => pattern.test(known));
  };
  const shown = (header: Header): Header =>
    hides(header.name) ? { ...header, value: redactedValue } : header;

  return {
    headers: (headers) =>
      Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, hides(name) ? redactedValue : value]),
      ),
    entries: (entries) =>
      entries.map((entry) => {
        const { body } = entry;
        if (body.value === undefined || !("headers" in body.value)) return entry;
        const value = { ...body.value, headers: body.value.headers.map(shown) };
        return { ...entry, body: { ...body, value } as Entry["body"] };
      }),
    checkUnredacted: (headers) => {
      for (const [name, value] of Object.entries(headers)) {
        if (value !== redactedValue || !hides(name)) continue;
        throw new HttpError(
          adminErrors.redactedValue,
          `header "${name}" has the value ${redactedValue}, which stands for one that is not shown. Send the value itself, or leave the header out`,
        );
      }
    },
  };
}

function patternOf(name: string): RegExp {
  const parts = name.split(/\*+/).map((part) => part.replace(/[.+^$`|]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}
