// By which names a port may be called. A page in a browser can have its own name resolve to an address of this machine
// (DNS rebinding): to the browser, the port is then of the page's own origin, and the page may ask it anything and read
// the answers. The name that it was called by gives it away.

import { isIP } from "node:net";

/**
 * Whether the port may be called by this name. Addresses, `localhost` and what is below it, and names without a dot
 * can't be had in the public DNS.
 * @param header  Host, or :authority; undefined where the client says none, as browsers never do
 * @param names  others that may be used; with `*` all may
 */
export function isKnownHost(header: string | undefined, names: readonly string[]): boolean {
  if (header === undefined || header === "" || names.includes("*")) return true;
  const host = hostNameOf(header);
  if (host === undefined) return false;
  if (isIP(host) !== 0 || !host.includes(".")) return true;
  return host.endsWith(".localhost") || names.includes(host);
}

function hostNameOf(header: string): string | undefined {
  const [, ipv6, name] =
    /^(?:\[([0-9a-f:.]{2,45})\]|([^\s:/?#@[\]]{1,253}))(?::\d{0,5})?$/i.exec(header) ?? [];
  const host = (ipv6 ?? name)?.toLowerCase();
  return host?.endsWith(".") === true ? host.slice(0, -1) : host;
}

/**
 * The names by which a port may be called that listens at `host`. Beyond this machine it has names that nobody told it;
 * only where some are configured they are looked at.
 */
export function hostsFor(host: string, configured: readonly string[]): readonly string[] {
  return configured.length === 0 && !isLoopback(host) ? ["*"] : configured;
}

/** Whether what listens there can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}
