// Which addresses the server connects to. It connects to what operators register, so a registration must not be a way
// to whatever the server can reach and they can't.
//   G1. The decision is made about the address that is connected to, when it is connected to: a name that comes to
//       resolve to another address brings nobody further.
//   G2. It holds for every connection: discovery, negotiation, sessions and requests, also of what was registered
//       before the list was made.
//   G3. Link-local addresses, where clouds keep their credentials, have to be listed as addresses, always.

import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import type { AllowedHost } from "./allowed-hosts.js";

export interface AddressGuard {
  /**
   * What can be said without resolving a name. To be called before each connection: an address needs no lookup.
   * @throws AddressRefused
   */
  check(uri: string): void;
  /** For sockets: resolves names to addresses that are allowed. */
  readonly lookup: LookupFunction;
}

/** The server does not connect there. */
export class AddressRefused extends Error {
  override readonly name = "AddressRefused";
  /** The message without its code. */
  readonly reason: string;

  constructor(reason: string) {
    super(`PDR4220: ${reason}`);
    this.reason = reason;
  }
}

/** Link-local ones, and where clouds answer with credentials besides. */
const neverByItself: readonly (readonly [
  address: string,
  bits: number,
  family: "ipv4" | "ipv6",
])[] = [
  ["169.254.0.0", 16, "ipv4"],
  ["fe80::", 10, "ipv6"],
  // The same addresses of IPv4 by way of a translator.
  ["64:ff9b::a9fe:0", 112, "ipv6"],
  ["100.100.100.200", 32, "ipv4"],
  ["168.63.129.16", 32, "ipv4"],
  ["192.0.0.192", 32, "ipv4"],
  ["fd00:ec2::254", 128, "ipv6"],
  ["fd20:ce::254", 128, "ipv6"],
];

/**
 * @param allowed  none: any but those of G3
 * @param resolve  the system's resolver
 */
export function createAddressGuard(
  allowed: readonly AllowedHost[],
  resolve: typeof systemLookup = systemLookup,
): AddressGuard {
  const listed = new BlockList();
  const reserved = new BlockList();
  for (const [address, bits, family] of neverByItself) reserved.addSubnet(address, bits, family);
  for (const host of allowed) {
    if (host.kind === "network") listed.addSubnet(host.address, host.prefixBits, host.family);
  }

  function isNamed(host: string): boolean {
    return allowed.some(
      (one) =>
        (one.kind === "name" && one.name === host) ||
        (one.kind === "below" && host.endsWith(one.suffix)),
    );
  }

  /** Undefined: it is allowed. */
  function refusal(host: string, address: string): string | undefined {
    const family = isIP(address) === 4 ? "ipv4" : "ipv6";
    if (listed.check(address, family)) return undefined;
    const where = host === address ? address : `${host} (${address})`;
    if (reserved.check(address, family)) {
      return `the server does not connect to ${where}, a link-local address or one where clouds keep credentials. If a service of yours is there, add the address to allowDeployments`;
    }
    if (allowed.length === 0 || isNamed(host)) return undefined;
    return `the server may not connect to ${where}: allowDeployments does not list it. Add the host, or a network that it is in, if a service of yours is there`;
  }

  const lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses: readonly LookupAddress[]) => {
      if (error !== null) return callback(error, "", 0);
      const host = withoutDot(hostname.toLowerCase());
      const good = addresses.filter(({ address }) => refusal(host, address) === undefined);
      const [first] = good;
      if (first === undefined) {
        const [refused] = addresses;
        const reason = refused === undefined ? undefined : refusal(host, refused.address);
        return callback(new AddressRefused(reason ?? `${hostname} has no address`), "", 0);
      }
      if (options.all === true) callback(null, good);
      else callback(null, first.address, first.family);
    });
  };

  return {
    check(uri) {
      const host = hostOf(uri);
      const reason = isIP(host) === 0 ? undefined : refusal(host, host);
      if (reason !== undefined) throw new AddressRefused(reason);
    },
    lookup,
  };
}

/** As a socket gets it: an address without brackets, a name without its last dot. */
function hostOf(uri: string): string {
  return withoutDot(new URL(uri).hostname.replace(/^\[|\]$/g, ""));
}

function withoutDot(host: string): string {
  return host.endsWith(".") ? host.slice(0, -1) : host;
}

/** The refusal that is behind an error, whatever the layers between have made of it. */
export function refusalOf(error: unknown): AddressRefused | undefined {
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (at instanceof AddressRefused) return at;
  }
  return undefined;
}
