// The form of scopes and limit keys, wherever they come from: paths, headers, bodies, rules, commands of services.
// They become keys of the store as they are.

/** A scope, or one part of a limit key, as the text of a regular expression. */
export const scopePartForm = "[a-zA-Z0-9_.-]{1,36}";

const part = new RegExp(`^${scopePartForm}$`);
const limitKey = new RegExp(`^${scopePartForm}(?:/${scopePartForm})?$`);

/** Whether the text is a scope, or a part of a limit key. */
export function isScopePart(text: string): boolean {
  return part.test(text);
}

/** One or two parts. */
export function isLimitKey(text: string): boolean {
  return limitKey.test(text);
}
