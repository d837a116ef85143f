import { cidrOf, contains, parseIp } from "../../cidr.ts";
import { clashes, type Clash } from "../../model/conflicts.ts";
import type { KernelRoute } from "../../model/facts.ts";
import { ROUTE_PROTOCOL } from "../../model/names.ts";
import { deletionOf } from "../../model/overlaps.ts";
import { quote } from "../../ssh/quote.ts";
import type { Cause, Remedy } from "../diagnosis.ts";
import type { DiagnosisId } from "../ids.ts";
import { overlapping } from "./overlapping.ts";
import { cause, crossing, here, ofContainers, onHost, type Scene, type Seen } from "./scene.ts";

/** Everything for which deploy changes nothing at all; what two hosts have to say is told by the first of the file. */
export const conflicts = (scene: Scene): readonly Cause[] => {
  const told = new Set<string>();
  return scene.seen.flatMap((seen) => {
    const all = clashes(scene.fabric, seen.host, seen.facts, { openFirewall: true, unmeasured: true });
    const others = all.filter(({ kind, text }) => kind !== "overlap" && !told.has(text));
    for (const { text, pair } of others) if (pair !== undefined) told.add(text);
    return [
      ...overlapping(scene, seen),
      ...others.map((clash) => detourCause(scene, clash) ?? clashCause(scene, seen, clash)),
    ];
  });
};

/** Packets between those two hosts in that network. */
const ofPair = ({ fabric }: Scene, { network, pair }: Clash): Cause["hitsCheck"] => {
  const refs = new Set(fabric.inventory.containers.filter((c) => c.network === network).map((c) => c.ref));
  return (from, to) =>
    from.host !== to.host && [from, to].every((end) => refs.has(end.ref) && pair?.hosts.includes(end.host) === true);
};

/** A route of somebody else by which a host of the same segment is behind a gateway: no conflict of the inventory, but of that route. */
const detourCause = (scene: Scene, clash: Clash): Cause | undefined => {
  const [a, b] = clash.pair?.hosts ?? [];
  if (a === undefined || b === undefined || clash.pair?.attempts.some(({ measured }) => measured) === true)
    return undefined;
  for (const [host, peer] of [[a, b] as const, [b, a] as const]) {
    const route = detourOf(scene, host, peer);
    if (route === undefined) continue;
    const command = deletionOf(route).map(quote).join(" ");
    return cause("route-foreign", {
      host,
      peer,
      seen: `the route ${command.replace("ip route del ", "")} leads to ${peer} by a gateway, though it is on the same segment, and deploy refuses: ${clash.text}`,
      remedy: onHost(host, command),
      hitsCheck: ofPair(scene, clash),
      blocksDeploy: true,
    });
  }
  return undefined;
};

/** The best route to the other host where that has a gateway, and without it there would be none. */
const detourOf = ({ fabric }: Scene, host: string, peer: string): KernelRoute | undefined => {
  const address = fabric.addresses.get(peer) ?? "";
  const [first, ...rest] = (fabric.sights.get(host)?.facts?.routes ?? [])
    .filter((r) => r.protocol !== String(ROUTE_PROTOCOL) && contains(cidrOf(r.destination), parseIp(address) ?? -1))
    .toSorted((a, b) => cidrOf(b.destination).prefix - cidrOf(a.destination).prefix || a.metric - b.metric);
  const isDirect = rest.some((r) => r.gateway === undefined && r.device !== undefined && r.device === first?.device);
  return first?.gateway !== undefined && first.gateway !== address && isDirect ? first : undefined;
};

const IDS: Readonly<Record<Clash["kind"], DiagnosisId>> = {
  ...{ host: "address-clash", name: "name-taken", link: "name-taken" },
  ...{ network: "conflict", lockout: "conflict", adopted: "overlap", overlap: "overlap" },
};

const clashCause = (scene: Scene, { host, facts }: Seen, clash: Clash): Cause => {
  const isBackend = clash.kind === "host" && facts.firewallBackend.startsWith("nftables");
  return cause(isBackend ? "engine-backend" : IDS[clash.kind], {
    host,
    seen: clash.text,
    remedy: clashRemedy(scene, host, clash),
    hitsCheck: hitsOf(scene, host, clash),
    blocksDeploy: true,
  });
};

/** What cannot be deployed is no reason that what stands does not work: only the packets that the thing itself is about. */
const hitsOf = (scene: Scene, host: string, clash: Clash): Cause["hitsCheck"] => {
  const { container, network, pair } = clash;
  if (pair !== undefined) return ofPair(scene, clash);
  if (container === undefined && network === undefined) return crossing(host);
  const own = scene.fabric.inventory.containers.filter((c) => c.host === host);
  const about = own.filter((c) => (container === undefined ? c.network === network : c.name === container));
  return ofContainers(new Set(about.map((c) => c.ref)));
};

/** The text has the command where there is one. */
const clashRemedy = ({ deploy }: Scene, host: string, { text, pair, network = "" }: Clash): Remedy => {
  const [, command] = /\(((?:docker|ip) [^)]*)\)/.exec(text) ?? [];
  if (command !== undefined)
    return onHost(host, `# rename yours; or, if nobody needs what is there any more,\n${command}`);
  if (/^network \S+: there is a Docker network of that name/.test(text))
    return here(`# rename yours, or adopt it with \`existing\`, then\n${deploy}`);
  if (pair === undefined) return here(deploy.replace(" deploy ", " validate "));
  // What was measured is measured again; what the hosts themselves say stays, however often a deploy asks.
  return pair.attempts.some(({ measured }) => measured)
    ? here(`${deploy} --reprobe`)
    : here(`# let the hosts reach each other so, or write \`plane: auto\` for network ${network}, then\n${deploy}`);
};
