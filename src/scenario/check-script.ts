import { quote } from "../ssh/quote.ts";
import type { Check, Ping, Place, Probe, Scenario, Tcp } from "./scenario.ts";
import { within } from "./words.ts";

/** How a check is made on the host, in shell text that runs in the scenario's folder; its output is judged here. Pure. */
export type CheckProbe = Exclude<Probe, { kind: "capture" }>;

/** Shell text that finds out; it ends with status 0 whatever it finds. */
export const checkScript = (check: CheckProbe, scenario: Scenario): string => {
  switch (check.kind) {
    case "ping":
      return pingScript(check.ping, scenario);
    case "tcp":
      return tcpScript(check.tcp, scenario);
    case "run":
      return `{ ${inNode(scenario, check.in, check.run)}; } 2>&1; :`;
    case "peer":
      return [check.of, check.is].map((place) => endScript(scenario, place)).join("\n");
    case "fdb":
      return fdbScript(check, scenario);
  }
};

const isNamespace = ({ nodes }: Scenario, node: string): boolean =>
  nodes.some(({ name, kind }) => name === node && kind === "netns");

const inNode = (scenario: Scenario, node: string, run: string): string =>
  within(node, isNamespace(scenario, node), run);

/** Three, of which one has to come back: the first may be lost to ARP or to a bridge that begins to learn. */
export const pingScript = ({ from, to, size }: Ping, scenario: Scenario): string => {
  const whole = size === undefined ? "" : `-s ${size} -M do `;
  return `${inNode(scenario, from, `ping -n -c 3 -i 0.2 -W 1 -w 3 ${whole}${to}`)} 2>&1; :`;
};

const SERVER = `$s = IO::Socket::INET->new(Listen => 1, LocalPort => $ARGV[0], ReuseAddr => 1) or die "$@\\n"; $| = 1; print "listening\\n"; $c = $s->accept; print $c $c->peerhost, "\\n"`;
const CLIENT = `$c = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => 3) or die "no connection: $@\\n"; print "seen as ", scalar <$c>`;

/** The listener answers with the address that it sees; so the client can tell. */
const tcpScript = ({ from, to, port, listener }: Tcp, scenario: Scenario): string => {
  const perl = (program: string, ...args: readonly (string | number)[]): string =>
    `timeout 8 perl -MIO::Socket::INET -e ${quote(program)} ${args.join(" ")}`;
  // Not through `sh -c`: the process that is ended has to be the listener.
  const prefix = (node: string): string => (isNamespace(scenario, node) ? `ip netns exec ${node} ` : "");
  return [
    `${prefix(listener.node)}${perl(SERVER, listener.port)} >listener 2>&1 & listener=$!`,
    `i=0; until grep -q . listener || test $i -ge 50; do sleep 0.1; i=$((i + 1)); done`,
    `grep -v '^listening$' listener`,
    `${prefix(from)}${perl(CLIENT, to, port)} 2>&1`,
    `kill $listener 2>/dev/null; wait $listener 2>/dev/null; rm -f listener; :`,
  ].join("\n");
};

/** A line: index of the device, and that of its other end. */
const endScript = (scenario: Scenario, { node, interface: device }: Place): string =>
  inNode(scenario, node, `cat /sys/class/net/${device}/ifindex /sys/class/net/${device}/iflink`) + " | xargs";

/** The port of a bridge that a device's cable ends at; undefined where it ends elsewhere. */
const portOf = ({ links }: Scenario, bridge: string, place: Place): string | undefined => {
  for (const link of links) {
    if (link.type !== "veth") continue;
    const here = link.ends.findIndex((end) => end.node === place.node && end.interface === place.interface);
    const other = here < 0 ? undefined : link.ends[1 - here];
    if (other?.node === bridge) return other.interface;
  }
  return undefined;
};

type Fdb = Extract<Probe, { kind: "fdb" }>;

/** Lines `NODE:DEVICE MAC PORT`, then the bridge's table as lines `MAC PORT`. */
const fdbScript = ({ bridge, has }: Fdb, scenario: Scenario): string => {
  const isOvs = scenario.nodes.some(({ name, kind }) => name === bridge && kind === "ovs-bridge");
  const wanted = has.map((place) => {
    const mac = inNode(scenario, place.node, `cat /sys/class/net/${place.interface}/address`);
    const port = portOf(scenario, bridge, place) ?? "-";
    return `echo "want ${place.node}:${place.interface} $(${mac}) ${isOvs ? `$(ovs-vsctl get interface ${port} ofport)` : port}"`;
  });
  const table = isOvs
    ? `ovs-appctl fdb/show ${bridge} | awk 'NR > 1 { print "has", $3, $1 }'`
    : `bridge fdb show br ${bridge} | awk '{ print "has", $1, $3 }'`;
  return [...wanted, table, ":"].join("\n");
};

/** What a reader would type for it; undefined where xhost has more to do than that. */
export const commandOf = (check: Check, scenario: Scenario): string | undefined => {
  if (check.kind === "run") return inNode(scenario, check.in, check.run);
  if (check.kind !== "ping") return undefined;
  const { from, to, size } = check.ping;
  return inNode(scenario, from, `ping -c 3 ${size === undefined ? "" : `-s ${size} -M do `}${to}`);
};

/** Checks whose failure a walk can explain: a packet that does not come back. */
export const pingOf = (check: Check): Ping | undefined =>
  check.kind === "ping" ? check.ping : check.kind === "capture" ? check.during : undefined;
