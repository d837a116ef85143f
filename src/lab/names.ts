import { XhostError } from "../errors.ts";

/** The switch's own address in the first segment; every host reaches it. Whatever it does not know it refuses at once. */
export const fabricAddress = "10.211.55.1";

/** What lies beyond the hosts' network, answered by the switch itself; from the range that is never routed (RFC 5737). */
export const outsideAddress = "192.0.2.1";

/** More would not fit between .11 and .254 with room for addresses of the user's own. */
const maxHosts = 200;

/** The image that every host of a lab has, made of busybox; nothing is pulled. */
export const labImage = "xhost-lab:1";

/** The name in /run/netns: of the switch without a host, else of that host. */
export const namespaceOf = (lab: string, host?: string): string =>
  host === undefined ? `xhost-${lab}` : `xhost-${lab}-${host}`;

/** True for exactly the names that `namespaceOf` gives for this lab, so that `down` finds them without a list. */
export const isNamespaceOf = (lab: string, namespace: string): boolean =>
  namespace === namespaceOf(lab) || new RegExp(`^${namespaceOf(lab)}-h[0-9]+$`).test(namespace);

/** Below the root of every cgroup hierarchy; Docker puts the containers of a host in a folder of the host's name in it. */
export const cgroupOf = (lab: string): string => `xhost-${lab}`;

/** The lab's folder below the one where `lab up` ran; removed with everything in it by `lab down`. */
export const labFolder = (cwd: string, lab: string): string => `${cwd}/.xhost/lab/${lab}`;

/** Names that end like a host's are refused: the switch of lab `a-h1` and host h1 of lab `a` would share a namespace. */
export const checkLabName = (name: string): void => {
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(name))
    throw new XhostError(
      "INVENTORY",
      `lab name "${name}": should be 1 to 20 of a-z, 0-9 and -, and begin with a letter, such as demo`,
    );
  if (/-h[0-9]+$/.test(name))
    throw new XhostError("INVENTORY", `lab name "${name}": should not end in -h and a number, as hosts do`);
};

/** Whole numbers from 1 to `maxHosts`. */
export const checkHostCount = (hosts: number): void => {
  if (!Number.isInteger(hosts) || hosts < 1 || hosts > maxHosts)
    throw new XhostError("INVENTORY", `number of hosts: should be 1 to ${maxHosts}, not ${hosts}`);
};
