import { keyFile, linkAlias } from "../model/names.ts";
import type { Link, WireguardPeer } from "../model/link.ts";
import type { Difference } from "./diff.ts";
import { heredoc } from "./heredoc.ts";

/** What a device can change while it stays: the rest it was made with. */
const IN_PLACE = ["mtu", "up", "port", "publicKey"];

/** Whether the device has to be made anew; all that leads over it goes with the old one. */
export const isReplaced = ({ want, have, changed }: Difference): boolean =>
  want?.kind === "link" &&
  have !== undefined &&
  changed.some(
    (text) => !IN_PLACE.includes(text.split(" ")[0] ?? "") || (text.startsWith("port ") && want.type === "vxlan"),
  );

/** Shell lines that make and change the tunnel devices, and give wireguard its key and its peers. */
export const linkLines = (
  links: readonly Difference[],
  peers: readonly Difference[],
  project: string,
): readonly string[] => {
  const made = links.filter((d) => d.want !== undefined && (d.have === undefined || isReplaced(d)));
  return [
    ...links.filter(isReplaced).map((d) => `ip link del dev ${(d.have as Link).name}`),
    ...made.flatMap((d) => startLines(d.want as Link)),
    ...heredoc(
      "ip -batch -",
      links.flatMap((d) => (d.want === undefined ? [] : batchLines(d.want as Link, made.includes(d), project))),
    ),
    // Packets may come in by one plane and go out by another while the two hosts change. Without an address of its own, a device drops them
    // in loose mode too (__fib_validate_source, net/ipv4/fib_frontend.c: last_resort).
    ...made.map((d) => `echo 0 > /proc/sys/net/ipv4/conf/${(d.want as Link).name}/rp_filter`),
    ...links.flatMap((d) => (d.want === undefined ? [] : keyLines(d.want as Link, project))),
    // wireguard-go sets 1420 once it runs, and answers wg only after that.
    ...made.flatMap((d) =>
      (d.want as Link).userspace === true
        ? [`ip link set dev ${(d.want as Link).name} mtu ${(d.want as Link).mtu}`]
        : [],
    ),
    ...peerLines(peers),
  ];
};

const startLines = (link: Link): readonly string[] =>
  // wireguard-go refuses to start where it believes that the kernel could do better, unless it is told this; up.sh's lock (8) is not to stay with it.
  link.userspace === true ? [`WG_I_PREFER_BUGGY_USERSPACE_TO_POLISHED_KMOD=1 wireguard-go ${link.name} 8<&-`] : [];

const batchLines = (link: Link, isNew: boolean, project: string): readonly string[] => {
  const set = `link set dev ${link.name} mtu ${link.mtu}${isNew ? ` alias ${linkAlias(project)}` : ""} up`;
  return isNew && link.userspace !== true ? [`link add name ${link.name} ${kindOf(link)}`, set] : [set];
};

const kindOf = (link: Link): string => {
  switch (link.type) {
    case "ipip":
      // A fixed TTL, since the packet inside may be about to end its own way before the tunnel does (ip-tunnel(8)).
      return `type ipip local ${link.local ?? ""} ttl 64`;
    case "vxlan":
      return `address ${link.mac ?? ""} type vxlan id ${link.vni ?? 0} local ${link.local ?? ""} dstport ${link.port ?? 0} nolearning ${link.checksum === true ? "udpcsum" : "noudpcsum"}`;
    case "wireguard":
      return "type wireguard";
  }
};

const keyLines = (link: Link, project: string): readonly string[] =>
  link.type === "wireguard"
    ? [`wg set ${link.name} private-key ${keyFile(project)} listen-port ${link.port ?? 0}`]
    : [];

/** Peers in the form of wg(8)'s addconf, which replaces what a peer of that key has. */
const peerLines = (all: readonly Difference[]): readonly string[] => {
  const gone = all.flatMap((d) => (d.want === undefined ? [d.have as WireguardPeer] : []));
  const wanted = all.flatMap((d) => (d.want === undefined ? [] : [d.want as WireguardPeer]));
  const [{ device } = { device: "" }] = wanted;
  return [
    ...(gone[0] === undefined
      ? []
      : [`wg set ${gone[0].device} ${gone.map((peer) => `peer ${peer.publicKey} remove`).join(" ")}`]),
    ...heredoc(
      `wg addconf ${device} /dev/stdin`,
      wanted.flatMap(({ publicKey, endpoint, allowed, keepalive }) => [
        "[Peer]",
        `PublicKey = ${publicKey}`,
        `Endpoint = ${endpoint}`,
        `AllowedIPs = ${allowed.join(", ")}`,
        `PersistentKeepalive = ${keepalive}`,
      ]),
    ),
  ];
};
