import { readFile } from "node:fs/promises";
import { XhostError } from "../src/errors.ts";

/** Neighbours of all network namespaces count together (gc_thresh3, arp(7)), and every lab host knows every other one: throws an XhostError where they would not fit. */
export const roomForNeighbours = async (hosts: number): Promise<void> => {
  const file = "/proc/sys/net/ipv4/neigh/default/gc_thresh3";
  const [room, needed] = [Number(await readFile(file, "utf8")), hosts * (hosts + 4)];
  if (room < needed)
    throw new XhostError(
      "REMOTE",
      `this machine's neighbour table takes ${room} entries, ${hosts} lab hosts need ${needed}: for the time being, sysctl -w net.ipv4.neigh.default.gc_thresh2=${needed} net.ipv4.neigh.default.gc_thresh3=${needed}`,
    );
};
