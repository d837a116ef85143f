import { createHash } from "node:crypto";
import type { LinkType } from "./link.ts";

/** Hex digest that shortens names and marks settings; not a secret. */
export const digest = (text: string, length: number): string =>
  createHash("sha256").update(text).digest("hex").slice(0, length);

/** What follows from a name alone, worked out once: planning many hosts asks for it at every route. */
const once = <T>(work: (name: string) => T): ((name: string) => T) => {
  const known = new Map<string, T>();
  return (name) => {
    const found = known.get(name) ?? work(name);
    known.set(name, found);
    return found;
  };
};

/** Label on every Docker object of ours; its value is the inventory's name. */
export const PROJECT_LABEL = "io.xhost.project";
/** Label with a digest of each wanted setting of a network or a container, `key=digest` by commas. */
export const SETTINGS_LABEL = "io.xhost.settings";

/** Route protocol of every route of ours (rtnetlink(7): above 16 is free for the user; no /etc/iproute2/rt_protos claims 88). */
export const ROUTE_PROTOCOL = 88;

/**
 * Metric that tells one project's routes from another's. Far above what daemons use (NetworkManager 100 to 1024), so that a
 * foreign route to the same place always wins and is never shadowed.
 */
export const routeMetric = once((project) => 88_000_000 + (Number.parseInt(digest(project, 8), 16) % 1_000_000));

/** The project's own chain; at most 26 of the 28 bytes a chain name may have (XT_EXTENSION_MAXNAMELEN, xtables.h). */
export const chainName = (project: string): string => `XHOST-${project}`;
/** Its chain for packets to the host itself; no project's name has a dot. */
export const inputChainName = (project: string): string => `XHOST-${project}.i`;

/** What every rule carries in `-m comment`. */
export const ruleComment = (project: string): string => `xhost:${project}`;

/** Device names have at most 15 bytes (IFNAMSIZ, if.h); long ones end in a digest. */
const deviceName = (project: string, last: string): string => {
  const plain = `xh-${project}-${last}`;
  return plain.length <= 15 ? plain : `xh-${project.slice(0, 5)}-${shortened(plain)}`;
};
const shortened = once((plain) => digest(plain, 6));

const LINK_NAMES: Readonly<Record<LinkType, string>> = { ipip: "ipip", vxlan: "vxlan", wireguard: "wg" };

/** Bridge device of a network; not that of a tunnel, should the network be called like one. */
export const bridgeName = (project: string, network: string): string =>
  deviceName(project, Object.values(LINK_NAMES).includes(network) ? `${network}-bridge` : network);

/** Tunnel device of a plane. */
export const linkName = (project: string, type: LinkType): string => deviceName(project, LINK_NAMES[type]);
/** Alias of every tunnel device of ours: names are short and could be anybody's. */
export const linkAlias = (project: string): string => `xhost:${project}`;

/** VXLAN network identifier of the project: 24 bits (RFC 7348), far above those that Swarm and flannel count up from. */
export const vniOf = (project: string): number => 8_000_000 + (Number.parseInt(digest(project, 8), 16) % 8_000_000);

/** Ethernet address of the vxlan device of the host with that underlay address; locally administered (IEEE 802: bit 1 of the first byte). */
export const macOf = (address: string): string =>
  ["0e", "88", ...address.split(".").map((octet) => Number(octet).toString(16).padStart(2, "0"))].join(":");

/** The only folder xhost writes to on a host. */
export const hostFolder = (project: string): string => `/etc/xhost/${project}`;
/** What was before xhost came, for things that are changed and not added: a line `key=value` each. */
export const beforeFile = (project: string): string => `${hostFolder(project)}/before`;
/** Keys in that file of an iptables table and of a kernel module. */
export const tableKey = (table: string): string => `iptables.${table}`;
export const moduleKey = (module: string): string => `module.${module}`;
/** What was measured on the ways to the other hosts. */
export const evidenceFile = (project: string): string => `${hostFolder(project)}/paths`;
/** The private key, mode 0600. */
export const keyFile = (project: string): string => `${hostFolder(project)}/wireguard.key`;

/** Brings the kernel's state back, may run any number of times; the other takes it away. */
export const upFile = (project: string): string => `${hostFolder(project)}/up.sh`;
export const downFile = (project: string): string => `${hostFolder(project)}/down.sh`;
/** The iptables rules that `up.sh` puts in, for `iptables-restore --noflush`. */
export const rulesFile = (project: string): string => `${hostFolder(project)}/rules`;
/** The systemd unit that runs `up.sh`, in the folder for units of the host's own (systemd.unit(5)). */
export const unitName = (project: string): string => `xhost-${project}.service`;
export const unitFile = (project: string): string => `/etc/systemd/system/${unitName(project)}`;
/** The first line of both units: others than xhost's may have such a name. */
export const unitMark = "# Written by xhost";
/** The unit that starts the other when firewalld loads its rules anew. */
export const pathUnitFile = (project: string): string => `/etc/systemd/system/xhost-${project}.path`;

/** Held by the one run that may change what is the project's on the host. */
export const lockFile = (project: string): string => `/run/xhost/lock/${project}`;
/** Where a change waits for its confirmation, with what takes it back: gone after it, and with a reboot. */
export const confirmFolder = (project: string): string => `/run/xhost/confirm/${project}`;
/** The transient systemd timer that takes it back; no project's name has a dot. */
export const confirmUnit = (project: string): string => `xhost-${project}.confirm`;

/** The name a container has while its successor takes its place. */
export const retiredName = (container: string): string => `${container}.xhost-old`;
