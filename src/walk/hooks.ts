import type { DeepLink, Space } from "../model/depth.ts";
import type { NftChain, Ruleset } from "../model/depth-rules.ts";
import { throughChain, type Note, type Passed, type RuleTable } from "./chains.ts";
import type { Moment } from "./judge-match.ts";
import { throughNft } from "./nft-chains.ts";
import { stateOf, type Packet } from "./packet.ts";
import { addressType, lookup } from "./route.ts";

/** `INGRESS` and `EGRESS`: at one device, for nft alone. */
export type Hook = "INGRESS" | "EGRESS" | "PREROUTING" | "INPUT" | "FORWARD" | "OUTPUT" | "POSTROUTING";

/** Where the tables of iptables come in at each hook (linux/netfilter_ipv4.h, nf_ip_hook_priorities). */
const PRIORITIES: Readonly<Record<Hook, readonly (readonly [table: string, priority: number])[]>> = {
  INGRESS: [],
  EGRESS: [],
  PREROUTING: [
    ["raw", -300],
    ["mangle", -150],
    ["nat", -100],
  ],
  INPUT: [
    ["mangle", -150],
    ["filter", 0],
    ["security", 50],
    ["nat", 100],
  ],
  FORWARD: [
    ["mangle", -150],
    ["filter", 0],
    ["security", 50],
  ],
  OUTPUT: [
    ["raw", -300],
    ["mangle", -150],
    ["nat", -100],
    ["filter", 0],
    ["security", 50],
  ],
  POSTROUTING: [
    ["mangle", -150],
    ["nat", 100],
  ],
};

const FAMILIES = { ip: ["ip", "inet"], bridge: ["bridge"], netdev: ["netdev", "inet"] } as const;

/** What is to be asked of a hook. */
export type Asking = {
  readonly space: Space;
  readonly hook: Hook;
  readonly packet: Packet;
  readonly incoming: string | undefined;
  readonly outgoing: string | undefined;
  /** What connection tracking makes of an answer's addresses, before the nat tables would. */
  readonly translate?: ((packet: Packet) => Packet) | undefined;
  /** The family of nft's tables: bridge for what passes between the ports of one, netdev for what is hooked in at a device. */
  readonly family?: keyof typeof FAMILIES;
};

/** A note with the table and hook that it is of, such as `nat POSTROUTING`. */
export type HookNote = Note & { readonly point: string; readonly packet: Packet };

type Base = {
  readonly priority: number;
  readonly isNat: boolean;
  readonly point: string;
  readonly pass: (moment: Moment) => Passed;
};

/** Sends a packet through all base chains of a hook, in the order of their priority; goes on behind one that drops it. */
export const throughHook = (asking: Asking): { readonly packet: Packet; readonly notes: readonly HookNote[] } => {
  const { space, incoming, outgoing, translate } = asking;
  const notes: HookNote[] = [];
  let { packet } = asking;
  let isTranslated = false;
  for (const base of basesOf(asking)) {
    if (base.isNat && translate !== undefined && packet.isReply && !isTranslated) {
      packet = translate(packet);
      isTranslated = true;
    }
    // The first packet of a connection decides for all of it, and the first chain that says something (nf_nat_inet_fn).
    if (base.isNat && (isTranslated || stateOf(packet) !== "NEW")) continue;
    const typeOf = (address: string): string => addressType(space, address);
    const passed = base.pass({ packet, incoming, outgoing, typeOf });
    isTranslated ||= base.isNat && passed.notes.some(({ becomes }) => becomes !== undefined);
    const asked = packet;
    packet = passed.packet;
    notes.push(...passed.notes.map((note) => ({ ...note, point: base.point, packet: asked })));
  }
  // There may be no nat table at all, and connections are tracked all the same.
  if (translate !== undefined && packet.isReply && !isTranslated) packet = translate(packet);
  return { packet, notes };
};

const basesOf = ({ space, hook, incoming, outgoing, family = "ip" }: Asking): readonly Base[] =>
  [
    ...(family === "ip" ? iptablesBases(space, hook) : []),
    ...nftBases(space, hook, { families: FAMILIES[family], device: incoming ?? outgoing }),
  ].sort((a, b) => a.priority - b.priority);

const iptablesBases = (space: Space, hook: Hook): readonly Base[] => {
  const other = space.variant === "nft" ? "iptables-legacy" : "iptables-nft";
  return [
    { tool: "iptables", ruleset: space.iptables },
    { tool: other, ruleset: space.otherIptables },
  ].flatMap(({ tool, ruleset }) =>
    PRIORITIES[hook].flatMap(([table, priority]): Base[] => {
      const found = tableOf(space, { tool, table, ruleset });
      const pass = (moment: Moment): Passed => throughChain(found, hook, moment);
      return ruleset.get(table)?.has(hook) === true
        ? [{ priority, isNat: table === "nat", point: `${table} ${hook}`, pass }]
        : [];
    }),
  );
};

type TableName = { readonly tool: string; readonly table: string; readonly ruleset: Ruleset };

const tableOf = (space: Space, { tool, table, ruleset }: TableName): RuleTable => ({
  tool,
  table,
  chains: ruleset.get(table) ?? new Map(),
  addressOf: (device, destination) => masqueradeAddress(space, device, destination),
});

type Which = { readonly families: readonly string[]; readonly device: string | undefined };

/** A chain that names devices is asked of theirs alone. */
const isFor = ({ base }: NftChain, hook: Hook, { device }: Which): boolean =>
  base?.hook === hook.toLowerCase() && (base.device === undefined || base.device.split(", ").includes(device ?? ""));

const nftBases = (space: Space, hook: Hook, which: Which): readonly Base[] =>
  space.nft
    .filter(({ family }) => which.families.includes(family))
    .flatMap((table) =>
      table.chains.flatMap((chain): Base[] =>
        chain.base === undefined || !isFor(chain, hook, which)
          ? []
          : [
              {
                priority: chain.base.priority,
                isNat: chain.base.type === "nat",
                point: `${table.family} ${table.name} ${chain.name}`,
                pass: (moment) =>
                  throughNft(table, chain, {
                    moment,
                    addressOf: (device, destination) => masqueradeAddress(space, device, destination),
                  }),
              },
            ],
      ),
    );

/** The source that the kernel would give a packet of its own that leaves there (inet_select_addr): of the route, else of the device, else any. */
export const masqueradeAddress = (
  space: Space,
  device: string | undefined,
  destination: string,
): string | undefined => {
  const gateway = lookup(space, { source: "0.0.0.0", destination, mark: 0, incoming: "lo" }).route?.gateway;
  const link = space.links.find(({ name }) => name === device);
  return firstAddress(link, gateway ?? destination) ?? anyAddress(space);
};

/** The address in the network of the next hop, else the first one. */
const firstAddress = (link: DeepLink | undefined, toward: string): string | undefined => {
  const near = link?.addresses.find(({ address, prefix }) => isNear(address, toward, prefix));
  return (near ?? link?.addresses[0])?.address;
};

const isNear = (a: string, b: string, prefix: number): boolean => {
  const bits = (text: string): string =>
    text
      .split(".")
      .map((octet) => Number(octet).toString(2).padStart(8, "0"))
      .join("")
      .slice(0, prefix);
  return bits(a) === bits(b);
};

const anyAddress = (space: Space): string | undefined =>
  space.links.filter(({ name, up }) => name !== "lo" && up).flatMap(({ addresses }) => addresses)[0]?.address;
