// Where deployments may be, as operators write it: names, names below a name, addresses, networks. Only the form is
// known here; address-guard.ts decides by it.

import { isIP } from "node:net";

export type AllowedHost =
  | { readonly kind: "name"; readonly name: string }
  /** Any name that ends with it; it begins with a dot. */
  | { readonly kind: "below"; readonly suffix: string }
  | {
      readonly kind: "network";
      readonly address: string;
      readonly prefixBits: number;
      readonly family: "ipv4" | "ipv6";
    };

const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** `orders.internal`, `*.svc.cluster.local`, `10.1.2.3`, `10.0.0.0/8`, `fd00::/8`; undefined for anything else. */
export function parseAllowedHost(text: string): AllowedHost | undefined {
  const [host = "", bits, ...rest] = text.trim().toLowerCase().split("/");
  const version = isIP(host);
  if (rest.length > 0 || (version === 0 && bits !== undefined)) return undefined;
  if (version !== 0) return networkOf(host, version, bits);
  if (host.startsWith("*.")) {
    const suffix = host.slice(1);
    return isName(suffix.slice(1)) ? { kind: "below", suffix } : undefined;
  }
  return isName(host) ? { kind: "name", name: host } : undefined;
}

function networkOf(
  address: string,
  version: number,
  bits: string | undefined,
): AllowedHost | undefined {
  const bitsMax = version === 4 ? 32 : 128;
  const prefixBits = bits === undefined ? bitsMax : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
  if (prefixBits < 0 || prefixBits > bitsMax || address.includes("%")) return undefined;
  return { kind: "network", address, prefixBits, family: version === 4 ? "ipv4" : "ipv6" };
}

/** What looks like an address and is none (`10.0.0`, `1.2.3.4.5`) is no name either. */
function isName(host: string): boolean {
  const labels = host.split(".");
  return (
    host.length <= 253 &&
    labels.every((one) => label.test(one)) &&
    !/^\d+$/.test(labels.at(-1) ?? "")
  );
}
