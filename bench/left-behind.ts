// What a rival has left on the hosts, without what may differ: whose it is. Rivals that do the same work leave the same.
import { cidrOf, formatIp } from "../src/cidr.ts";
import type { Fleet, Place } from "./fleet.ts";

/** Lines of every host, sorted. */
export type LeftBehind = readonly string[];

export const leftBehind = async (fleet: Fleet, places: readonly Place[]): Promise<LeftBehind> => {
  const all = await Promise.all(
    places.map(async (place) => {
      const output = await on(fleet, place, scriptOf(place));
      const [routes = "", rules = "", network = "", container = ""] = output.split("\u001e");
      return [
        ...routesOf(routes),
        ...acceptsOf(rules),
        ...(parsed(network) as Network[]).map(networkLine),
        ...(parsed(container) as Container[]).map(containerLine),
      ].map((line) => `${place.host} ${line}`);
    }),
  );
  return all.flat().toSorted();
};

/** All rules and routes, whoever's they are, and files of xhost's: what has to be as it was when everything is gone. */
export const wholeState = async (fleet: Fleet): Promise<LeftBehind> => {
  const script =
    "iptables-save | sed '/^#/d; s/ .[0-9]*:[0-9]*.$//'; ip -4 route; find /etc/xhost /run/xhost 2>/dev/null";
  const all = await Promise.all(
    fleet.places.map(async (place) =>
      (await on(fleet, place, `${script}; true`)).split("\n").map((line) => `${place.host} ${line}`),
    ),
  );
  return all.flat();
};

const on = ({ run, ssh }: Fleet, { address }: Place, script: string): Promise<string> => {
  const to = ["IdentityFile", ssh.identityFile, "UserKnownHostsFile", ssh.userKnownHostsFile];
  const options = [...to, "ProxyCommand", ssh.proxyCommand, "BatchMode", "yes", "IdentitiesOnly", "yes"];
  const pairs = options.flatMap((_, i) => (i % 2 === 0 ? ["-o", options.slice(i, i + 2).join("=")] : []));
  return run(["ssh", "-F", "none", ...pairs, `root@${address}`, script]);
};

/** Throws where two rivals have not left the same, with what only one of them has. */
export const sameLeft = (one: readonly [string, LeftBehind], other: readonly [string, LeftBehind]): void => {
  const only = ([name, own]: typeof one, [, others]: typeof one): readonly string[] => {
    const left = [...others];
    return own.filter((line) => !taken(left, line)).map((line) => `only ${name}: ${line}`);
  };
  const lines = [...only(one, other), ...only(other, one)];
  if (lines.length > 0) throw new Error(`the rivals have not done the same:\n${lines.join("\n")}`);
};

/** Takes one such line out, where there is one. */
const taken = (lines: string[], line: string): boolean => {
  const at = lines.indexOf(line);
  if (at >= 0) lines.splice(at, 1);
  return at >= 0;
};

const scriptOf = ({ container }: Place): string =>
  [
    "ip -j -4 route",
    "iptables-save",
    "docker network inspect app 2>/dev/null",
    `docker container inspect ${container} 2>/dev/null; true`,
  ].join("; printf '\\036'; ");

const parsed = (json: string): readonly unknown[] => (json.trim() === "" ? [] : (JSON.parse(json) as unknown[]));

type Route = { readonly dst: string; readonly gateway?: string; readonly dev: string };
const routesOf = (json: string): readonly string[] =>
  (parsed(json) as Route[]).map(({ dst, gateway, dev }) => `route ${dst} via ${gateway ?? "nothing"} dev ${dev}`);

/** Rules that accept, by table, without the chain that they are in, comments and counters. */
const acceptsOf = (saved: string): readonly string[] => {
  const tables = saved.split(/^\*/m).slice(1);
  return tables.flatMap((table) => {
    const [name = "", ...lines] = table.split("\n");
    const accepts = lines.filter((line) => line.startsWith("-A ") && line.endsWith(" -j ACCEPT"));
    const bare = (line: string): string =>
      line.replace(/^-A \S+ /, "").replace(/-m comment --comment ("[^"]*"|\S+) /, "");
    return accepts.flatMap((line) => piecesOf(bare(line)).map((piece) => `rule in ${name}: ${piece}`));
  });
};

/** A rule for several blocks of /24 at once is one for each of them. */
const piecesOf = (rule: string): readonly string[] => {
  const wide = rule.match(/\d[\d.]*\/\d+/g)?.find((text) => cidrOf(text).prefix < 24);
  if (wide === undefined) return [rule];
  const { base, prefix } = cidrOf(wide);
  const blocks = Array.from({ length: 2 ** (24 - prefix) }, (_, i) => `${formatIp(base + i * 256)}/24`);
  return blocks.flatMap((block) => piecesOf(rule.replace(wide, block)));
};

type Network = {
  readonly Driver: string;
  readonly IPAM: { readonly Config: readonly { readonly Subnet: string; readonly Gateway?: string }[] };
  readonly Options: Readonly<Record<string, string>>;
};
const networkLine = ({ Driver, IPAM, Options }: Network): string => {
  const subnets = IPAM.Config.map(({ Subnet, Gateway }) => `${Subnet} ${Gateway ?? ""}`);
  const options = ["bridge.name", "driver.mtu"].map((key) => Options[`com.docker.network.${key}`] ?? "");
  return `network ${Driver} ${[...subnets, ...options].join(" ")}`;
};

type Container = {
  readonly Config: { readonly Image: string; readonly Cmd: readonly string[]; readonly Env: readonly string[] };
  readonly State: { readonly Status: string };
  readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> };
};
const containerLine = ({ Config, State, NetworkSettings }: Container): string => {
  const ends = Object.entries(NetworkSettings.Networks).map(([name, { IPAddress }]) => `${name} ${IPAddress}`);
  const { Image, Cmd, Env } = Config;
  return `container ${State.Status} ${JSON.stringify([Image, Cmd, Env.toSorted(), ends])}`;
};
