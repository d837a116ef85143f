import { createHash } from "node:crypto";

/** Hex digest that shortens names and marks settings; not a secret. */
export const digest = (text: string, length: number): string =>
  createHash("sha256").update(text).digest("hex").slice(0, length);

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
export const routeMetric = (project: string): number =>
  88_000_000 + (Number.parseInt(digest(project, 8), 16) % 1_000_000);

/** The project's own chain; at most 26 of the 28 bytes a chain name may have (XT_EXTENSION_MAXNAMELEN, xtables.h). */
export const chainName = (project: string): string => `XHOST-${project}`;

/** What every rule carries in `-m comment`. */
export const ruleComment = (project: string): string => `xhost:${project}`;

/** Bridge device of a network, at most 15 bytes (IFNAMSIZ, if.h); long names end in a digest. */
export const bridgeName = (project: string, network: string): string => {
  const plain = `xh-${project}-${network}`;
  return plain.length <= 15 ? plain : `xh-${project.slice(0, 5)}-${digest(plain, 6)}`;
};

/** The only folder xhost writes to on a host. */
export const hostFolder = (project: string): string => `/etc/xhost/${project}`;
/** What was before xhost came, for things that are changed and not added: a line `key=value` each. */
export const beforeFile = (project: string): string => `${hostFolder(project)}/before`;
/** Key in that file of an iptables table. */
export const tableKey = (table: string): string => `iptables.${table}`;

/** The name a container has while its successor takes its place. */
export const retiredName = (container: string): string => `${container}.xhost-old`;
