import { z } from "zod";
import { XhostError } from "../errors.ts";
import type { ContainerDepth, Depth, DeepLink, Qdisc, Space, Unseen, WireguardPeerDepth } from "../model/depth.ts";
import type { Host } from "../ssh/host.ts";
import { parseDeepFdb, parseDeepLinks, parseDeepNeighbours, parseDeepRoutes } from "./depth-ip.ts";
import { parseNft, unreadTables } from "./depth-nft.ts";
import { parsePolicies } from "./depth-policies.ts";
import { parseRuleset } from "./depth-rules.ts";
import { containersScript, DEEP_SCRIPT } from "./depth-script.ts";
import { observe, type Seen } from "./observe.ts";
import { seenOn } from "./printed.ts";
import { jsonOf, lines, sections, SEPARATOR } from "./script.ts";

/**
 * Looks at a host once, as `observe` does, and deeper: one exec all the same, and another one where Docker has containers whose processes are
 * not where they usually are.
 */
export const observeDeep = async (host: Host, seconds: number): Promise<Seen & { readonly depth: Depth }> => {
  const { facts, output } = await observe(host, seconds, DEEP_SCRIPT);
  const depth = seenOn(host.name, () => parseDepth(output));
  const lacking = facts.containers.filter(
    ({ id, state }) =>
      ["running", "paused"].includes(state) &&
      !depth.containers.has(id) &&
      !depth.unseen.some(({ container }) => container === id),
  );
  if (lacking.length === 0) return { facts, output, depth };
  const more = await host.run(containersScript(await processesOf(host, lacking)), "look into the containers");
  const { containers, unseen } = containersOf(more, depth.own);
  return {
    facts,
    output,
    depth: {
      ...depth,
      containers: new Map([...depth.containers, ...containers]),
      unseen: [...depth.unseen, ...unseen],
    },
  };
};

/** As Docker says it; those that have ended meanwhile are left out. */
const processesOf = async (
  host: Host,
  containers: readonly { readonly id: string }[],
): Promise<readonly { readonly id: string; readonly pid: number }[]> => {
  const found = containers.map(async ({ id }) => {
    const { State } = await host.docker.getContainer(id).inspect();
    return State.Running ? [{ id, pid: State.Pid }] : [];
  });
  return (await Promise.allSettled(found)).flatMap((one) => (one.status === "fulfilled" ? one.value : []));
};

/** The deep script's output; pure. A container that ended while it was looked at is left out. */
export const parseDepth = (output: string): Depth => {
  const all = sections(output);
  const part = (name: string): string => all.get(name) ?? "";
  const own = spaceOf(all, "own");
  const { containers, unseen } = containersOf(output, own);
  const throwing = parseQdiscs(part("qdiscs"));
  return {
    clock: Number(part("clock").trim()),
    own,
    containers,
    qdiscs: throwing ?? [],
    wireguard: parseHandshakes(part("handshakes")),
    unseen: [
      ...(throwing === undefined ? [unreadable("tc -s -j qdisc")] : []),
      ...unreadTables(part("own nft")).map((table) => unreadable(`nft -j list table ${table}`)),
      ...unseen,
    ],
  };
};

const unreadable = (command: string, id?: string): Unseen => ({
  container: id,
  what: `what \`${command}\` printed cannot be read`,
  command,
});

type Containers = Pick<Depth, "containers" | "unseen">;

/** Sections `container` and `hidden`, and behind the former those of its network namespace. */
const containersOf = (output: string, own: Space): Containers => {
  const all = sections(output);
  const containers = new Map<string, ContainerDepth>();
  const unseen: Unseen[] = [];
  for (const [id = "", pid = "", net] of firstLines(output, "container")) {
    const command = `nsenter -t ${pid} -n ip address`;
    try {
      const space = net === "host" ? own : spaceOf(all, id);
      if (space.links.length === 0) continue;
      containers.set(id, { pid: Number(pid), space, peers: peersOf(space, own) });
      if (space !== own)
        unseen.push(
          ...unreadTables(all.get(`${id} nft`) ?? "").map((table) =>
            unreadable(`nsenter -t ${pid} -n nft -j list table ${table}`, id),
          ),
        );
    } catch (error) {
      if (!(error instanceof XhostError)) throw error;
      unseen.push({ container: id, what: error.message, command });
    }
  }
  for (const [id = "", ...why] of firstLines(output, "hidden"))
    unseen.push({ container: id, what: why.join(" "), command: `docker inspect -f '{{.State.Pid}}' ${id}` });
  return { containers, unseen };
};

/** The words of the sections of one name, of which there may be many. */
const firstLines = (output: string, name: string): readonly (readonly string[])[] =>
  output
    .split(`${SEPARATOR}${name}\n`)
    .slice(1)
    .map((part) => (part.split("\n")[0] ?? "").trim().split(" "));

const spaceOf = (all: ReadonlyMap<string, string>, id: string): Space => {
  const part = (name: string): string => all.get(`${id} ${name}`) ?? "";
  return {
    links: parseDeepLinks(part("links")),
    policies: parsePolicies(part("policies")),
    routes: parseDeepRoutes(part("routes")),
    neighbours: parseDeepNeighbours(part("neighbours")),
    fdb: parseDeepFdb(part("fdb")),
    conf: parseConf(part("conf")),
    ...parseRules(all, id),
  };
};

/** The other end of a veth says the index of this one, and the other way round. */
const peersOf = (space: Space, own: Space): ReadonlyMap<string, string> =>
  new Map(
    space.links.flatMap((link): [string, string][] => {
      const peer = own.links.find((other) => isOtherEnd(other, link));
      return peer === undefined || space === own ? [] : [[link.name, peer.name]];
    }),
  );

const isOtherEnd = (other: DeepLink, link: DeepLink): boolean =>
  other.type === "veth" && link.type === "veth" && other.index === link.peerIndex && other.peerIndex === link.index;

/** What `rules` printed under a name; pure. */
export const parseRules = (
  all: ReadonlyMap<string, string>,
  id: string,
): Pick<Space, "variant" | "iptables" | "otherIptables" | "nft"> => {
  const part = (name: string): string => all.get(`${id} ${name}`) ?? "";
  return {
    // Its first line; no variant prints one where there are no tables, and then there is nothing to tell apart.
    variant: /^# Generated by iptables-save v[^ ]+ (?!\(nf_tables\))/.test(part("iptables")) ? "legacy" : "nft",
    iptables: parseRuleset(part("iptables")),
    otherIptables: parseRuleset(part("other")),
    nft: parseNft(part("nft")),
  };
};

/** Lines `/proc/sys/net/ipv4/conf/DEVICE/KEY:VALUE`, and one of br_netfilter where it is loaded. */
const parseConf = (text: string): ReadonlyMap<string, string> =>
  new Map(
    lines(text).flatMap((line): [string, string][] => {
      const [, called] = /\/bridge-nf-call-iptables:(.*)$/.exec(line) ?? [];
      if (called !== undefined) return [["bridge-nf-call-iptables", called]];
      const [, device, key, value] = /\/conf\/([^/]+)\/([^/:]+):(.*)$/.exec(line) ?? [];
      return device === undefined ? [] : [[`${device}.${key ?? ""}`, value ?? ""]];
    }),
  );

const qdiscs = z.array(
  z.object({
    dev: z.string().default(""),
    kind: z.string().default(""),
    drops: z.number().default(0),
    options: z.record(z.string(), z.unknown()).default({}).catch({}),
  }),
);

/** Kinds that throw nothing away on purpose, however full they are; those of the kernel's own choice. */
const HARMLESS = ["noqueue", "pfifo_fast", "fq_codel", "fq", "mq", "pfifo"];

/** Parses `tc -s -j qdisc`, which older versions print as JSON that is none: then nothing is known of them, and the answer is undefined. */
const parseQdiscs = (text: string): readonly Qdisc[] | undefined =>
  qdiscs
    .safeParse(text.trim() === "" ? [] : jsonOf(text))
    .data?.filter(({ kind, drops }) => drops > 0 || !HARMLESS.includes(kind))
    .map(({ dev, kind, drops, options }) => ({ device: dev, kind, dropped: drops, options }));

/** Parses `wg show DEVICE endpoints`, `latest-handshakes` and `transfer`, each line behind the word, the device and tabs. */
const parseHandshakes = (text: string): readonly WireguardPeerDepth[] => {
  const peers = new Map<string, { -readonly [K in keyof WireguardPeerDepth]: WireguardPeerDepth[K] }>();
  for (const line of lines(text)) {
    const [what, device = "", publicKey = "", first = "", second = ""] = line.split("\t");
    const key = `${device} ${publicKey}`;
    const peer = peers.get(key) ?? { device, publicKey, endpoint: "", handshake: 0, received: 0, sent: 0 };
    if (what === "endpoints") peer.endpoint = first === "(none)" ? "" : first;
    if (what === "latest-handshakes") peer.handshake = Number(first);
    if (what === "transfer") [peer.received, peer.sent] = [Number(first), Number(second)];
    peers.set(key, peer);
  }
  return [...peers.values()];
};
