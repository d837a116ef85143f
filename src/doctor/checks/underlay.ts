import { keptEvidence } from "../../model/evidence.ts";
import type { Fabric } from "../../model/fabric.ts";
import type { Facts } from "../../model/facts.ts";
import type { Cause } from "../diagnosis.ts";
import { between, cause, onHost, type Scene, type Seen } from "./scene.ts";

/** What stands between a host and the others before any packet of a container is concerned. */
export const underlay = (scene: Scene, seen: Seen): readonly Cause[] => [
  ...changedMtus(scene, seen),
  ...wrongNeighbours(scene, seen),
];

/** A device whose MTU is not what it was when the ways over it were measured. */
type Changed = { readonly device: string; readonly was: number; readonly peers: ReadonlySet<string> };

/** Devices toward the other hosts that have another MTU than in the evidence that is kept. */
export const changedDevices = (fabric: Fabric, host: string, facts: Facts): readonly Changed[] => {
  const found = new Map<string, { device: string; was: number; peers: Set<string> }>();
  for (const [peer, evidence] of keptEvidence(facts, fabric.inventory.name)) {
    const path = fabric.paths.get(host)?.(evidence.target);
    const device = facts.interfaces.find((i) => i.name === path?.device);
    if (device === undefined || path?.mtu !== device.mtu || evidence.mtu === device.mtu) continue;
    const known = found.get(device.name) ?? { device: device.name, was: evidence.mtu, peers: new Set<string>() };
    known.peers.add(peer);
    found.set(device.name, known);
  }
  return [...found.values()];
};

/** The facts as they would be with the MTU that was measured: what else differs then has a reason of its own. */
export const withMeasuredMtus = (fabric: Fabric, host: string, facts: Facts): Facts => {
  const changed = new Map(changedDevices(fabric, host, facts).map(({ device, was }) => [device, was]));
  if (changed.size === 0) return facts;
  return { ...facts, interfaces: facts.interfaces.map((i) => ({ ...i, mtu: changed.get(i.name) ?? i.mtu })) };
};

const changedMtus = ({ fabric }: Scene, { host, depth }: Seen): readonly Cause[] => {
  const facts = fabric.sights.get(host)?.facts;
  if (facts === undefined) return [];
  return depth.own.links.flatMap((link) => {
    const peers = new Set(
      [...keptEvidence(facts, fabric.inventory.name)].flatMap(([peer, evidence]) => {
        const path = fabric.paths.get(host)?.(evidence.target);
        return path?.device === link.name && path.mtu !== link.mtu && evidence.mtu === path.mtu ? [peer] : [];
      }),
    );
    const was = facts.interfaces.find((i) => i.name === link.name)?.mtu ?? link.mtu;
    if (peers.size === 0) return [];
    return [
      cause("underlay-mtu", {
        host,
        severity: link.mtu < was ? "fault" : "warning",
        seen: `${link.name} has MTU ${link.mtu}; when the ways to the other hosts were measured it had ${was}`,
        remedy: onHost(host, `ip link set dev ${link.name} mtu ${was}`),
        deployFixes: true,
        hitsCheck: between(host, peers),
        hitsUnderlay: (from, to) => (from === host && peers.has(to)) || (to === host && peers.has(from)),
      }),
    ];
  });
};

/** Entries that somebody has written by hand for another host on the same segment. */
const wrongNeighbours = ({ fabric }: Scene, { host, depth }: Seen): readonly Cause[] =>
  [...fabric.addresses].flatMap(([peer, address]) => {
    const theirs = fabric.sights.get(peer)?.facts;
    const path = fabric.paths.get(host)?.(address);
    if (peer === host || theirs === undefined || path === undefined || path.gateway !== undefined) return [];
    const macs = theirs.interfaces.filter((i) => i.addresses.some((a) => a.address === address)).map((i) => i.mac);
    const wrong = depth.own.neighbours.find(
      (n) => n.device === path.device && n.address === address && n.state === "PERMANENT" && !macs.includes(n.mac),
    );
    if (wrong === undefined || macs.length === 0) return [];
    return [
      cause("neighbour-wrong", {
        host,
        peer,
        seen: `a permanent neighbour entry gives ${address} on ${path.device} the Ethernet address ${wrong.mac ?? "none"}; ${peer} has ${macs.join(", ")}`,
        remedy: onHost(host, `ip neigh del ${address} dev ${path.device}`),
        hitsCheck: between(host, new Set([peer])),
        hitsUnderlay: (from, to) => [from, to].includes(host) && [from, to].includes(peer),
      }),
    ];
  });
