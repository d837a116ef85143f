import { dropRules, dropTable, parseDrop } from "./faults-drop.ts";
import { linkMtus, mostMtu, parseMtu, usualMtu } from "./faults-mtu.ts";
import { noFaults } from "./faults-words.ts";
import { ipBatch, setHostMtu } from "./fabric.ts";
import { namespaceOf } from "./names.ts";
import { programPath } from "./programs.ts";
import type { LabHost, LabRecord } from "./record.ts";
import { run } from "./run.ts";
import { bridgeOf, routersOf } from "./segments.ts";

/**
 * Brings the fabric and these hosts, as far as they run, to the faults of the record, whatever they had before; may run any
 * number of times. A host whose cable is to be unplugged keeps its MTU until it is plugged in.
 */
export const applyFaults = async (lab: LabRecord, hosts: readonly LabHost[]): Promise<void> => {
  const { down } = faultsOf(lab);
  const plugged = hosts.filter(({ name }) => !down.includes(name));
  await applyDrops(lab);
  await freeCables(lab, plugged);
  const { cables } = mtusOf(lab);
  for (const host of plugged) await setHostMtu(lab, host, cables.get(host.name) ?? usualMtu);
  await limitCables(lab, plugged);
  const unplugged = hosts.filter(({ name }) => down.includes(name));
  await onPorts(lab, unplugged, ({ ifname }) => [`link set ${ifname} down`]);
};

/** Plugs the cables in and lets them carry all: a host may have to be reached over its cable, to boot or for its MTU. */
export const freeCables = async (lab: LabRecord, hosts: readonly LabHost[]): Promise<void> => {
  const ports = await onPorts(lab, hosts, ({ ifname }) => [`link set ${ifname} mtu ${mostMtu} up`]);
  const limited = ports.filter(({ qdisc }) => qdisc === "tbf");
  await tcBatch(
    lab,
    limited.map(({ ifname }) => `qdisc del dev ${ifname} root`),
  );
};

const applyDrops = async (lab: LabRecord): Promise<void> => {
  const drops = faultsOf(lab).drop.map(parseDrop);
  if (drops.length === 0 && !(await hasDropTable(lab))) return;
  await inFabric(lab, ["nft", "-f", "-"], dropRules(drops, lab.hosts));
};

// nft is not among the programs of every lab; without it nothing was ever dropped
const hasDropTable = async (lab: LabRecord): Promise<boolean> =>
  (await programPath("nft")) !== undefined &&
  (await inFabric(lab, ["nft", "list", "tables"])).split("\n").includes(`table ${dropTable}`);

const limitCables = async (lab: LabRecord, hosts: readonly LabHost[]): Promise<void> => {
  const { cables, routers, limits } = mtusOf(lab);
  const ports = await onPorts(lab, hosts, ({ ifname }) => [`link set ${ifname} mtu ${cables.get(ifname) ?? usualMtu}`]);
  // after the ports, whose least a bridge takes until it is told
  await ipBatch(
    ["-n", namespaceOf(lab.name)],
    routersOf(lab.hosts).map((router) => `link set ${bridgeOf(router)} mtu ${routers}`),
  );
  await tcBatch(
    lab,
    ports.flatMap(({ ifname }) => {
      const limit = limits.get(ifname);
      return limit === undefined ? [] : [limitLine(ifname, limit)];
    }),
  );
};

// Not by the port's own MTU: a bridge passes a TCP burst (GSO) of any size and 4 bytes more than that of the rest (the kernel's
// __is_skb_forwardable), and a packet for another segment would never get to the router, which has to answer. A tbf drops what is
// longer than its burst without a word, and looks into a burst of TCP (tc-tbf(8), tbf_enqueue). 14 bytes are Ethernet's.
const limitLine = (port: string, mtu: number): string =>
  `qdisc replace dev ${port} root tbf rate 100gbit burst ${mtu + 14} limit 10mb`;

type Port = { readonly ifname: string; readonly qdisc: string };

/** Runs ip(8)'s lines on the switch's ends of these hosts' cables, and returns those: a host that is off may have none. */
const onPorts = async (
  lab: LabRecord,
  hosts: readonly LabHost[],
  lines: (port: Port) => readonly string[],
): Promise<readonly Port[]> => {
  const names = new Set(hosts.map(({ name }) => name));
  const links = JSON.parse(await run("ip", ["-n", namespaceOf(lab.name), "-j", "link", "show"])) as readonly Port[];
  const ports = links.filter(({ ifname }) => names.has(ifname));
  await ipBatch(["-n", namespaceOf(lab.name)], ports.flatMap(lines));
  return ports;
};

// not run for nothing: on some systems tc is a package of its own
const tcBatch = async (lab: LabRecord, lines: readonly string[]): Promise<void> => {
  if (lines.length > 0)
    await run("tc", ["-n", namespaceOf(lab.name), "-batch", "-"], { input: `${lines.join("\n")}\n` });
};

const faultsOf = (lab: LabRecord) => lab.faults ?? noFaults;
const mtusOf = (lab: LabRecord) => linkMtus(faultsOf(lab).mtu.map(parseMtu), lab.hosts);

const inFabric = async (lab: LabRecord, command: readonly string[], input?: string): Promise<string> =>
  await run("nsenter", [`--net=/run/netns/${namespaceOf(lab.name)}`, ...command], input === undefined ? {} : { input });
