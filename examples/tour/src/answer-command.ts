// The curl line that answers a verification mail.

import { settings } from "./settings.js";

/** A handler of one workflow, and what it is called with. */
export interface Link {
  readonly service: string;
  readonly key: string;
  readonly handler: string;
  readonly input: unknown;
}

/** For a shell: the key is percent-encoded, the input quoted. */
export function answerCommand(
  { service, key, handler, input }: Link,
  ingress: string = settings.ingress,
): string {
  const json = JSON.stringify(input).replaceAll("'", String.raw`'\''`);
  const path = `${service}/${quoted(key)}/${handler}`;
  return `curl ${ingress}/restate/call/${path} --json '${json}'`;
}

function quoted(key: string): string {
  return encodeURIComponent(key).replaceAll(/[!'()*]/g, (character) => {
    return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  });
}
