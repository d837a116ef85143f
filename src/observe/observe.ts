import type { Facts } from "../model/facts.ts";
import type { Host } from "../ssh/host.ts";
import { observeDocker } from "./docker.ts";
import { parseInterfaces, parseRoutes } from "./ip.ts";
import { parseTables } from "./iptables.ts";
import { lines, missingPrograms, READ_SCRIPT, sections } from "./script.ts";

/** Looks at a host once: one exec and five calls of Docker's API, side by side, nothing changed. */
export const observe = async (host: Host, seconds: number): Promise<Facts> => {
  const [output, docker] = await Promise.allSettled([
    host.run(READ_SCRIPT, "look at the host"),
    observeDocker(host, seconds),
  ]);
  // Docker's own trouble says more than what else goes wrong on a host without Docker, or without root.
  if (docker.status === "rejected") throw docker.reason;
  if (output.status === "rejected") throw output.reason;
  return { ...docker.value, ...parseHost(output.value) };
};

type HostFacts = Omit<Facts, keyof Awaited<ReturnType<typeof observeDocker>>>;

/** The read script's output as facts; pure. */
export const parseHost = (output: string): HostFacts => {
  const all = sections(output);
  const part = (name: string): string => all.get(name) ?? "";
  return {
    kernel: part("kernel").trim(),
    // sshd sets `client-ip client-port server-ip server-port` (ssh(1), ENVIRONMENT); sudo drops it.
    sshAddress: part("ssh").trim().split(" ")[2],
    interfaces: parseInterfaces(part("links"), part("addresses")),
    routes: parseRoutes(part("routes")),
    tables: parseTables(part("iptables")),
    sysctls: new Map(lines(part("sysctls")).map(pair)),
    before: before(part("before")),
    missing: missingPrograms(part("missing")),
  };
};

const pair = (line: string): [string, string] => {
  const at = line.indexOf("=");
  return [line.slice(0, at), line.slice(at + 1)];
};

const before = (text: string): ReadonlyMap<string, ReadonlyMap<string, string>> => {
  const projects = new Map<string, Map<string, string>>();
  for (const line of lines(text)) {
    const [file = "", saved = ""] = line.split(" ");
    const project = file.split("/")[3] ?? "";
    const [key, value] = pair(saved);
    projects.set(project, (projects.get(project) ?? new Map<string, string>()).set(key, value));
  }
  return projects;
};
