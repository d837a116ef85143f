import { evidenceIn } from "../model/evidence.ts";
import type { Facts } from "../model/facts.ts";
import type { Host } from "../ssh/host.ts";
import { observeDocker } from "./docker.ts";
import { parseBoot } from "./boot.ts";
import { parseFdb, parseInterfaces, parseNeighbours, parseRoutes } from "./ip.ts";
import { parseNft } from "./depth-nft.ts";
import { parseTables } from "./iptables.ts";
import { isPublicKey, parseWireguard } from "./wireguard.ts";
import { seenOn } from "./printed.ts";
import { lines, missingPrograms, READ_SCRIPT, sections } from "./script.ts";

/** What a look gave: the facts, and the output of the script that they were read from. */
export type Seen = { readonly facts: Facts; readonly output: string };

/** Looks at a host once: one exec and five calls of Docker's API, side by side, nothing changed. `script` begins with the read script. */
export const observe = async (host: Host, seconds: number, script = READ_SCRIPT): Promise<Seen> => {
  const [output, docker] = await Promise.allSettled([
    host.run(script, "look at the host"),
    observeDocker(host, seconds),
  ]);
  // Docker's own trouble says more than what else goes wrong on a host without Docker, or without root.
  if (docker.status === "rejected") throw docker.reason;
  if (output.status === "rejected") throw output.reason;
  return { facts: { ...docker.value, ...seenOn(host.name, () => parseHost(output.value)) }, output: output.value };
};

type HostFacts = Omit<Facts, keyof Awaited<ReturnType<typeof observeDocker>>>;

/** The read script's output as facts; pure. */
export const parseHost = (output: string): HostFacts => {
  const all = sections(output);
  // What a deep look reads in every network namespace it reads once, the host's own among them.
  const part = (name: string): string => copied(all.get(name) ?? all.get(`own ${name}`) ?? "");
  return {
    kernel: part("kernel").trim(),
    // sshd sets `client-ip client-port server-ip server-port` (ssh(1), ENVIRONMENT); sudo drops it.
    sshAddress: part("ssh").trim().split(" ")[2],
    sshPeer: part("ssh").trim().split(" ")[0],
    interfaces: parseInterfaces(part("links")),
    routes: parseRoutes(part("routes")),
    tables: parseTables(part("iptables")),
    nft: parseNft(part("nft")),
    hasInputChain: part("input").trim() !== "absent",
    sysctls: new Map(lines(part("sysctls")).map(pair)),
    before: before(part("before")),
    missing: missingPrograms(part("missing")),
    programs: new Set(lines(part("programs"))),
    modules: new Map(lines(part("modules")).map((line) => pair(line) as [string, "loaded"])),
    neighbours: parseNeighbours(part("neighbours")),
    fdb: parseFdb(part("fdb")),
    wireguard: parseWireguard(part("wireguard")),
    keys: new Map([...byProject(part("keys"))].map(([project, [key = ""]]) => [project, isPublicKey(key) ? key : ""])),
    evidence: new Map(
      [...byProject(part("paths"))].map(([project, all]) => [project, evidenceIn(`${all.join("\n")}\n`)]),
    ),
    unconfirmed: new Map(lines(part("confirm")).map(unconfirmed)),
    ...parseBoot(part("boot"), part("systemd"), part("foreign")),
    udpPorts: new Set(lines(part("ports")).map((port) => Number.parseInt(port, 16))),
  };
};

/** A text of its own: what V8 cuts out of a text keeps the whole of it, and of hundreds of hosts with hundreds of routes each that is too much (SlicedString in V8's string.h). */
const copied = (text: string): string => Buffer.from(text).toString();

const pair = (line: string): [string, string] => {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
};

/** A line `/run/xhost/confirm/PROJECT/STATE TEXT`. */
const unconfirmed = (line: string): readonly [string, string] => {
  const [path = "", ...text] = line.split(" ");
  const [, , , , project = "", state = ""] = path.split("/");
  return [project, state === "undone" ? [state, ...text].join(" ") : state];
};

const before = (text: string): ReadonlyMap<string, ReadonlyMap<string, string>> =>
  new Map([...byProject(text)].map(([project, notes]) => [project, new Map(notes.map(pair))]));

/** Lines `/etc/xhost/PROJECT/FILE TEXT` by project. */
const byProject = (text: string): ReadonlyMap<string, readonly string[]> => {
  const projects = new Map<string, string[]>();
  for (const line of lines(text)) {
    const at = line.indexOf(" ");
    const project = line.slice(0, at).split("/")[3] ?? "";
    const known = projects.get(project) ?? [];
    known.push(line.slice(at + 1));
    projects.set(project, known);
  }
  return projects;
};
