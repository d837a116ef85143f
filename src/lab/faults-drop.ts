import { XhostError } from "../errors.ts";
import type { LabHost } from "./record.ts";

/** What the fabric does not pass. Without a host: for all. `side`: what the host sends, what it gets, or both. */
export type Drop = {
  readonly packets: "proto4" | "udp" | "foreign-sources";
  readonly port: number | undefined;
  readonly host: string | undefined;
  readonly side: "from" | "to" | "both";
};

/** The table in the switch's namespace, of the `bridge` family, that has every drop. */
export const dropTable = "bridge xhost_faults";

/** Reads a word of `--drop`, such as proto4, udp:4789@h1 or foreign-sources@from-h1; whether the host is there is not seen. */
export const parseDrop = (word: string): Drop => {
  const [, packets, port, side = "both", host] =
    /^(proto4|udp|foreign-sources)(?::(\d+))?(?:@(?:(from|to)-)?([^@]+))?$/.exec(word) ?? [];
  if (packets === undefined || (port !== undefined && packets !== "udp"))
    throw refusal(
      word,
      "should be proto4, udp, udp:PORT or foreign-sources, for one host followed by @HOST, @from-HOST or @to-HOST",
    );
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) throw refusal(word, "a port is 1 to 65535");
  if (packets === "foreign-sources" && side === "to")
    throw refusal(word, "a host's sources are looked at on what it sends: foreign-sources@HOST");
  return { packets, port: port === undefined ? undefined : Number(port), host, side } as Drop;
};

/**
 * The table anew for `nft -f`, which swaps it in one move. It looks at frames as they come in from a port and as they go out
 * on one, so the switch and the router between the segments are the same to it; ports are matched by name, so a host may be
 * rebooted. Our hooks come before br_netfilter's, which hands frames to iptables (its priority is 0 on the way in).
 */
export const dropRules = (drops: readonly Drop[], hosts: readonly LabHost[]): string => {
  // a table cannot be deleted that is not there, nor one be replaced by one command
  const afresh = [`table ${dropTable}`, `delete table ${dropTable}`];
  if (drops.length === 0) return lines(afresh);
  const on = (side: "from" | "to") => drops.filter((drop) => drop.side === side || drop.side === "both");
  return lines([
    ...afresh,
    `table ${dropTable} {`,
    "  chain from_hosts {",
    "    type filter hook prerouting priority -300; policy accept;",
    ...on("from").flatMap((drop) => matches(drop, hosts, "iifname").map((match) => `    ${match} counter drop`)),
    "  }",
    "  chain to_hosts {",
    "    type filter hook postrouting priority 300; policy accept;",
    ...on("to").flatMap((drop) => matches(drop, hosts, "oifname").map((match) => `    ${match} counter drop`)),
    "  }",
    "}",
  ]);
};

const matches = (
  { packets, port, host }: Drop,
  hosts: readonly LabHost[],
  key: "iifname" | "oifname",
): readonly string[] => {
  const at = host === undefined ? "" : `${key} "${host}" `;
  switch (packets) {
    case "proto4":
      return [`${at}ip protocol 4`];
    case "udp":
      return [port === undefined ? `${at}ip protocol udp` : `${at}ip protocol udp udp dport ${port}`];
    case "foreign-sources":
      if (key === "oifname") return [];
      return hosts
        .filter(({ name }) => host === undefined || name === host)
        .map(({ name, address }) => `iifname "${name}" ip saddr != ${address}`);
  }
};

const refusal = (word: string, why: string) => new XhostError("INVENTORY", `drop "${word}": ${why}`);
const lines = (list: readonly string[]) => `${list.join("\n")}\n`;
