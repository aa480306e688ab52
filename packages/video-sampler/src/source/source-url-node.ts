import { BlockList, isIP } from "node:net";
import { fileURLToPath } from "node:url";
import { InvalidSourceError } from "../errors.js";

/**
 * Parses an address.
 * @throws InvalidSourceError that shows no more of it than its scheme
 */
export function parseAddress(text: string, base?: URL): URL {
  try {
    return new URL(text, base);
  } catch (cause) {
    const what = base === undefined ? "" : ` that ${shownUrl(base)} redirects to`;
    throw new InvalidSourceError(`The address${what} is malformed; expected https://host/path.`, { cause });
  }
}

/** The path of a `file:` URL. @throws InvalidSourceError for one that names another host */
export function pathOfFileUrl(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new InvalidSourceError(
      `A file URL must name a path on this machine, such as file:///home/me/a.mp4; this one names the host "${url.host}".`,
      { cause },
    );
  }
}

/** An address as messages show it: without user, password, and the values that its query carries. */
export function shownUrl(url: URL): string {
  const query = url.search === "" ? "" : "?…";
  const path = url.pathname.length > 200 ? `${url.pathname.slice(0, 200)}…` : url.pathname;
  return `${url.protocol}//${url.host}${path}${query}`;
}

/** Special-purpose addresses: IANA's registries for IPv4 and IPv6, and multicast. */
const SPECIAL = new BlockList();
const SUBNETS: readonly (readonly [string, number, "ipv4" | "ipv6"])[] = [
  ["0.0.0.0", 8, "ipv4"],
  ["10.0.0.0", 8, "ipv4"],
  ["100.64.0.0", 10, "ipv4"],
  ["127.0.0.0", 8, "ipv4"],
  ["169.254.0.0", 16, "ipv4"],
  ["172.16.0.0", 12, "ipv4"],
  ["192.0.0.0", 24, "ipv4"],
  ["192.0.2.0", 24, "ipv4"],
  ["192.168.0.0", 16, "ipv4"],
  ["198.18.0.0", 15, "ipv4"],
  ["198.51.100.0", 24, "ipv4"],
  ["203.0.113.0", 24, "ipv4"],
  ["224.0.0.0", 4, "ipv4"],
  ["240.0.0.0", 4, "ipv4"],
  ["::", 96, "ipv6"], // unspecified, loopback, IPv4-compatible
  ["64:ff9b::", 96, "ipv6"], // translated IPv4: whatever lies behind the translator
  ["64:ff9b:1::", 48, "ipv6"],
  ["100::", 64, "ipv6"],
  ["2001::", 23, "ipv6"],
  ["2001:db8::", 32, "ipv6"],
  ["2002::", 16, "ipv6"], // 6to4, which embeds an IPv4 address
  ["fc00::", 7, "ipv6"],
  ["fe80::", 10, "ipv6"],
  ["fec0::", 10, "ipv6"],
  ["ff00::", 8, "ipv6"],
];
for (const [net, prefix, family] of SUBNETS) SPECIAL.addSubnet(net, prefix, family);

/** Whether an IP address is no public one: loopback, link-local, private, multicast, reserved. */
export function isPrivateAddress(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const mapped = mappedIpv4(plain);
  if (mapped !== null) return isPrivateAddress(mapped);
  const family = isIP(plain);
  return family === 0 || SPECIAL.check(plain, family === 4 ? "ipv4" : "ipv6");
}

/** The IPv4 address in `::ffff:a.b.c.d` or `::ffff:hhhh:hhhh`. */
function mappedIpv4(address: string): string | null {
  const [, dotted, high, low] =
    /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(address) ?? [];
  if (dotted !== undefined) return dotted;
  if (high === undefined || low === undefined) return null;
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return `${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
}
