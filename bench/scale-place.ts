// Where the hosts of the scale bench are: names, addresses and files, which its programs share.
import { macOf } from "../src/lab/fabric.ts";

/** The operator's own address: xhost runs on the switch of the hosts' one segment. */
export const CONTROLLER = "10.211.255.254";
/** Bits of that segment. */
export const SEGMENT = 16;
export const UNDERLAY = `10.211.0.0/${SEGMENT}`;
/** Near to what a Linux bridge has ports for (BR_MAX_PORTS, net/bridge/br_private.h), with the one that joins. */
export const MOST = 1000;
/** The pool, unless another is given. */
export const POOL = "172.16.0.0/12";
/** Of each host's block of the pool. */
export const PREFIX = 24;

/** Of host 1, 2, ...: `n1`; also its port of the switch. */
export const nameOf = (host: number): string => `n${host}`;
export const addressOf = (host: number): string => `10.211.${Math.floor((host - 1) / 250)}.${((host - 1) % 250) + 1}`;
export { macOf };

/** Files below the bench's folder. */
export const socketOf = (folder: string, host: number): string => `${folder}/sockets/${nameOf(host)}`;
/** Has the pid of a host's sshd, as the lab's pid namespace counts. */
export const pidFileOf = (folder: string, host: number): string => `${folder}/pids/${nameOf(host)}`;
export const engineSocket = (folder: string): string => `${folder}/engine.sock`;

/** The inventory of hosts 1 to `count`: one network over all of them, and no containers. */
export const inventoryOf = (folder: string, count: number, pool: string): string => `name: scale
defaults:
  ssh: { user: root, identityFile: ${folder}/key, userKnownHostsFile: ${folder}/known_hosts }
hosts:
${Array.from({ length: count }, (_, i) => `  ${nameOf(i + 1)}: ${addressOf(i + 1)}`).join("\n")}
networks:
  app: { pool: ${pool}, prefix: ${PREFIX}, plane: route }
`;
