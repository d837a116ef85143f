import { cidrOf, contains, overlaps, parseIp, type Cidr } from "../cidr.ts";
import type { Inventory } from "./inventory.ts";
import type { Path, Problem } from "./problem.ts";

type Range = {
  readonly path: Path;
  readonly text: string;
  readonly cidr: Cidr;
  readonly network: string;
  readonly what: string;
};

/** Address ranges of the file that meet: pools and subnets with each other, and with the hosts' own addresses. */
export const overlapProblems = (inventory: Inventory): readonly Problem[] => {
  const ranges = inventory.networks.flatMap((network) => {
    const path = ["networks", network.name];
    const range = (more: Path, text: string, what: string): Range => ({
      path: [...path, ...more],
      text,
      cidr: cidrOf(text),
      network: network.name,
      what,
    });
    const subnets = [...network.blocks].flatMap(([host, source]) =>
      source.kind === "subnet"
        ? [range(["subnets", host], source.subnet, `the subnet of ${network.name} on ${host}`)]
        : [],
    );
    const pool = network.pool === undefined ? [] : [range(["pool"], network.pool, `the pool of ${network.name}`)];
    return [...pool, ...subnets];
  });
  return [
    ...ranges.flatMap((range, i) => between(range, ranges.slice(0, i))),
    ...ranges.flatMap((r) => withHosts(r, inventory)),
  ];
};

/** An explicit subnet may lie in the pool of its own network: the pool gives it to nobody else. */
const between = (range: Range, earlier: readonly Range[]): readonly Problem[] =>
  earlier
    .filter((other) => overlaps(other.cidr, range.cidr))
    .filter((other) => other.network !== range.network || other.path[2] === range.path[2])
    .map((other) => ({ path: range.path, message: `${range.text} overlaps ${other.what} (${other.text})` }));

/** Where the other hosts reach it, and where xhost does. */
const withHosts = (range: Range, inventory: Inventory): readonly Problem[] =>
  inventory.hosts.flatMap((host) =>
    [...new Set([host.address ?? host.ssh.host, host.ssh.host])].flatMap((address) => {
      const ip = parseIp(address);
      return ip !== undefined && contains(range.cidr, ip)
        ? [{ path: range.path, message: `${range.text} contains ${address}, the address of host ${host.name}` }]
        : [];
    }),
  );
