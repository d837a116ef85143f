import { quote } from "../ssh/quote.ts";
import type { Ground, Step } from "./build.ts";
import type { Node, NodeRoute, Scenario } from "./scenario.ts";
import { ip, marked, ruleUndo, within } from "./words.ts";

/** A network of its own, with nothing in it but a loopback device that is off (network_namespaces(7)). */
export const namespaceSteps = ({ name, kind }: Node): readonly Step[] =>
  kind === "netns"
    ? [
        {
          command: `ip netns add ${name}`,
          does: `makes the network namespace ${name}: a network of its own, with nothing in it but lo`,
          undo: `ip netns del ${name}`,
        },
        {
          command: `ip -n ${name} link set lo up`,
          does: `switches lo on, so that ${name} reaches itself`,
          undo: undefined,
        },
      ]
    : [];

/** A switch in software: the kernel's own, or Open vSwitch. */
export const bridgeSteps = ({ name, kind, ipv4 }: Node, { datapath }: Ground): readonly Step[] => {
  if (kind !== "bridge" && kind !== "ovs-bridge") return [];
  return [
    kind === "bridge" ? bridgeStep(name) : ovsStep(name, datapath),
    ...(ipv4 === undefined
      ? []
      : [
          {
            command: `ip address add ${ipv4} dev ${name}`,
            does: `gives the host an address on ${name}, so that it is a neighbour there`,
            undo: undefined,
          },
        ]),
    { command: `ip link set ${name} up`, does: `switches ${name} on`, undo: undefined },
  ];
};

const bridgeStep = (name: string): Step => ({
  command: `ip link add ${name} type bridge`,
  does: `makes the bridge ${name}: a switch for Ethernet frames, without ports yet`,
  undo: `ip link del ${name}`,
});

const ovsStep = (name: string, datapath: Ground["datapath"]): Step => ({
  command: `ovs-vsctl add-br ${name}${datapath === "netdev" ? ` -- set bridge ${name} datapath_type=netdev` : ""}`,
  does:
    datapath === "netdev"
      ? `makes the switch ${name}, which forwards in its own process: this kernel has no module openvswitch`
      : `makes the switch ${name}, which the kernel's module openvswitch forwards for`,
  undo: `ovs-vsctl --timeout=5 --if-exists del-br ${name}`,
});

type Where = { readonly ground: Ground; readonly scenario: Scenario };

/** Routes, sysctls, rules and commands of a namespace or the host. */
export const nodeSteps = (node: Node, { ground: { sysctls }, scenario }: Where): readonly Step[] => {
  const { name, kind } = node;
  const isAway = kind === "netns";
  // What is in a namespace goes with it.
  const undo = (text: string): string | undefined => (isAway ? undefined : text);
  const isNamespace = (other: string): boolean =>
    scenario.nodes.some((each) => each.name === other && each.kind === "netns");
  return [
    ...node.routes.map((route) => ({
      command: `${ip(name, isAway)} route add ${routeWords(route)}`,
      does: route.why ?? routed(route),
      undo: undo(`ip route del ${routeWords(route)}`),
    })),
    ...[...node.sysctls].map(([key, value]) => ({
      command: within(name, isAway, `sysctl -w ${setting(key, value)}`),
      isPartial: true,
      does: `${SYSCTLS[`${key}=${value}`] ?? `sets ${key} to ${value}`}${isAway ? ` in ${name}` : ""}`,
      undo: undo(sysctlUndo(key, { before: sysctls.get(key), value })),
    })),
    ...node.rules.map(({ text, why }) => ({
      command: within(name, isAway, `iptables -w 10 ${marked(text, scenario.name)}`),
      does: why ?? "adds a rule of the firewall",
      undo: undo(`iptables -w 10 ${ruleUndo(marked(text, scenario.name))}`),
    })),
    ...node.exec.map((exec) => ({
      command: within(exec.in, isNamespace(exec.in), exec.run),
      does: exec.why,
      undo: exec.undo === undefined ? undefined : within(exec.in, isNamespace(exec.in), exec.undo),
      isPartial: true,
    })),
  ];
};

const routed = ({ to, via, device = "" }: NodeRoute): string =>
  `says that ${to} is reached ${via === undefined ? `by ${device}` : `through ${via}`}`;

/** Without a value that was read, as `show` has it, it is the shell that keeps it. */
const sysctlUndo = (key: string, { before, value }: { before: string | undefined; value: string }): string =>
  before === undefined
    ? `: put ${key} back to what it was`
    : // Somebody may need another value by now, and has set it.
      `test "$(sysctl -n ${key} | tr '\\t' ' ')" != ${quote(value.replaceAll("\t", " "))} || sysctl -w ${setting(key, before)}`;

const setting = (key: string, value: string): string =>
  /^[\w.:-]+$/.test(value) ? `${key}=${value}` : quote(`${key}=${value}`);

const SYSCTLS: Readonly<Record<string, string>> = {
  "net.ipv4.ip_forward=1": "makes a router of it: packets that are not for its own addresses are passed on",
  "net.ipv4.ip_forward=0": "makes an end of it again: packets that are not for its own addresses are dropped",
  "net.bridge.bridge-nf-call-iptables=1": "hands packets that cross a bridge to iptables, as Docker does",
};

const routeWords = ({ to, via, device }: NodeRoute): string =>
  [to, ...(via === undefined ? [] : ["via", via]), ...(device === undefined ? [] : ["dev", device])].join(" ");
