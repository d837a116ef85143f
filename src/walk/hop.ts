import { printable } from "../model/printable.ts";
import type { Packet } from "./packet.ts";

/** What decides about a packet at one point. */
export type Decider =
  /** `tool`: the program that shows and removes it, such as `iptables` or `iptables-legacy`. */
  | {
      readonly kind: "rule";
      readonly tool: string;
      readonly table: string;
      readonly chain: string;
      readonly number: number;
      readonly text: string;
    }
  | {
      readonly kind: "policy";
      readonly tool: string;
      readonly table: string;
      readonly chain: string;
      readonly text: string;
    }
  | {
      readonly kind: "nft";
      readonly family: string;
      readonly table: string;
      readonly chain: string;
      /** Undefined for the chain's policy. */
      readonly handle: number | undefined;
      readonly text: string;
    }
  /** `text` as `ip route` or `ip rule` takes it. */
  | { readonly kind: "route"; readonly table: string; readonly text: string }
  | { readonly kind: "ip rule"; readonly priority: number; readonly text: string }
  | { readonly kind: "sysctl"; readonly key: string; readonly value: string }
  | { readonly kind: "device"; readonly name: string }
  /** Where packets can be seen: as they come in by the device, or go out by it. */
  | { readonly kind: "tap"; readonly device: string; readonly way: "in" | "out" }
  | { readonly kind: "neighbour" | "fdb" | "peer"; readonly device: string; readonly text: string }
  /** What is between the hosts. */
  | { readonly kind: "network"; readonly text: string };

/** One point on a packet's way. */
export type Hop = {
  readonly host: string;
  /** Id of the container in whose network namespace it is; undefined in the host's own. */
  readonly container: string | undefined;
  /** `nat POSTROUTING`, `route`, `rp_filter`, `eth0` and so on. */
  readonly point: string;
  readonly decides: Decider;
  /** `unknown`: it may drop the packet, but a match or what is behind it cannot be judged from what was read. */
  readonly verdict: "passes" | "drops" | "unknown";
  /** One sentence without a full stop. */
  readonly why: string;
  /** Addresses that the packet has from here on, where they were changed. */
  readonly becomes?: { readonly source: string; readonly destination: string } | undefined;
  /** The packet as a firewall was asked about it; undefined at other points. */
  readonly packet?: Packet | undefined;
  /** Whether it is about the packet that carries the other one through a tunnel. */
  readonly isOuter: boolean;
};

/** What decides, in the words of the program that shows it. */
export const deciderText = (d: Decider): string => printable(saidText(d));

const saidText = (d: Decider): string => {
  switch (d.kind) {
    case "rule":
      return `${d.tool} -t ${d.table} ${d.chain} rule ${d.number}: ${d.text}`;
    case "policy":
      return `${d.tool} -t ${d.table} ${d.chain} policy ${d.text}`;
    case "nft":
      return `nft ${d.family} ${d.table} ${d.chain}${d.handle === undefined ? "" : ` handle ${d.handle}`}: ${d.text}`;
    case "route":
      return `route${d.table === "main" ? "" : ` of table ${d.table}`}: ${d.text}`;
    case "ip rule":
      return `ip rule ${d.priority}: ${d.text}`;
    case "sysctl":
      return `${d.key} = ${d.value}`;
    case "device":
      return `device ${d.name}`;
    case "tap":
      return `${d.device} ${d.way}`;
    case "neighbour":
    case "fdb":
    case "peer":
      return `${d.kind} on ${d.device}: ${d.text}`;
    case "network":
      return d.text;
  }
};
