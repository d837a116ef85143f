import { XhostError } from "../errors.ts";
import { quote } from "../ssh/quote.ts";
import type { Ground } from "./build.ts";
import type { Place as Where } from "./guard.ts";
import type { Break, Scenario } from "./scenario.ts";
import { lines, SECTION, sections } from "../observe/script.ts";

/** Debian packages of the programs that scenarios use. */
const PACKAGES: Readonly<Record<string, string>> = {
  ip: "iproute2",
  bridge: "iproute2",
  ss: "iproute2",
  ping: "iputils-ping",
  sysctl: "procps",
  ps: "procps",
  iptables: "iptables",
  ethtool: "ethtool",
  tcpdump: "tcpdump",
  perl: "perl-base",
  flock: "util-linux",
  "ovs-vsctl": "openvswitch-switch",
  "ovs-vswitchd": "openvswitch-switch",
  "ovsdb-server": "openvswitch-switch",
  "ovs-appctl": "openvswitch-switch",
};

/** What a look at the host says of a scenario that may be run there. */
export type Found = Ground & {
  /** Programs that are missing, with their packages. */
  readonly missing: readonly string[];
  /** Modules that the kernel does not have. */
  readonly lacking: readonly string[];
  readonly kernel: string;
};

/** Everything the scenario needs to know of the host, in one exec; `broken` is what is going to be broken. */
export const lookAt = async (
  host: Where,
  scenario: Scenario,
  { broken, isLocal }: { readonly broken: Break | undefined; readonly isLocal: boolean },
): Promise<Found> => {
  const modules = [...scenario.needs.modules, ...(broken?.modules ?? []), "openvswitch"];
  const keys = [...scenario.nodes, ...(broken === undefined ? [] : [broken.host])]
    .filter(({ kind }) => kind === "host")
    .flatMap(({ sysctls }) => [...sysctls.keys()]);
  const script = [
    SECTION,
    `section kernel; uname -r`,
    `section missing; for p in ${programsOf(scenario, broken).join(" ")}; do command -v $p >/dev/null || echo $p; done`,
    `section modules; for m in ${[...new Set(modules)].join(" ")}; do`,
    // Built in without parameters, a module has no folder; what it brings to /proc/sys tells of the one that matters here.
    `  if test -d /sys/module/$m || { test $m = br_netfilter && test -d /proc/sys/net/bridge; }; then echo $m loaded; elif modprobe -n -q $m 2>/dev/null; then echo $m loadable; else echo $m none; fi; done`,
    `section ovs; ${hasSwitch(scenario) ? "ovs-vsctl --timeout=5 show >/dev/null 2>&1 && timeout 5 ovs-appctl version >/dev/null 2>&1 || echo stopped" : ":"}`,
    `section sysctls; for k in ${[...new Set(keys)].map(quote).join(" ")}; do echo "$k=$(cat /proc/sys/$(echo $k | tr . /) 2>/dev/null)"; done`,
  ].join("\n");
  const all = sections(await host.run(script, "look at the host"));
  const states = new Map(lines(all.get("modules") ?? "").map((line) => line.split(" ") as [string, string]));
  const needed = new Set([...scenario.needs.modules, ...(broken?.modules ?? [])]);
  return {
    kernel: (all.get("kernel") ?? "").trim(),
    missing: lines(all.get("missing") ?? "").map((p) => {
      const name = PACKAGES[p];
      return name === undefined ? p : `${p} (Debian package ${name})`;
    }),
    lacking: [...needed].filter((module) => states.get(module) === "none"),
    loadable: new Set([...states].filter(([, state]) => state === "loadable").map(([module]) => module)),
    startOvs: lines(all.get("ovs") ?? "").length > 0,
    // A private namespace loads no module for the whole machine.
    datapath: (isLocal ? ["loaded"] : ["loaded", "loadable"]).includes(states.get("openvswitch") ?? "")
      ? "system"
      : "netdev",
    sysctls: new Map(
      lines(all.get("sysctls") ?? "").map((line): [string, string] => {
        const at = line.indexOf("=");
        return [line.slice(0, at), line.slice(at + 1)];
      }),
    ),
  };
};

const hasSwitch = ({ nodes }: Scenario): boolean => nodes.some(({ kind }) => kind === "ovs-bridge");

const programsOf = ({ needs, nodes, checks, links }: Scenario, broken: Break | undefined): readonly string[] => {
  const hosts = [...nodes, ...(broken === undefined ? [] : [broken.host])];
  const has = (kind: string): boolean => checks.some((check) => check.kind === kind);
  return [
    ...new Set([
      ...["ip", "flock", ...needs.programs],
      ...(has("ping") || has("capture") ? ["ping"] : []),
      ...(has("capture") ? ["tcpdump"] : []),
      ...(has("fdb") ? ["bridge"] : []),
      ...(nodes.some(({ kind }) => kind === "ovs-bridge") ? ["ovs-vsctl", "ovs-vswitchd", "ovsdb-server"] : []),
      ...(has("tcp") || links.some((link) => "end" in link) ? ["perl"] : []),
      ...(hosts.some(({ sysctls }) => sysctls.size > 0) ? ["sysctl"] : []),
      ...(hosts.some(({ rules }) => rules.length > 0) ? ["iptables"] : []),
    ]),
  ];
};

/** Throws what keeps the scenario from being run there: programs and modules that are not there. */
export const refuseUnfit = (
  host: Where,
  { name, file }: Scenario,
  { missing, lacking, kernel, loadable, startOvs }: Found,
  isLocal: boolean,
): void => {
  if (missing.length > 0)
    throw new XhostError("REMOTE", `scenario ${name}: programs are missing: ${missing.join(", ")}`, {
      host: host.name,
    });
  if (startOvs && !isLocal)
    throw new XhostError(
      "REMOTE",
      `scenario ${name}: Open vSwitch is installed and does not run; start it, with or without systemd:\nsystemctl start openvswitch-switch || /usr/share/openvswitch/scripts/ovs-ctl start`,
      {
        host: host.name,
      },
    );
  if (lacking.length > 0)
    throw new XhostError(
      "REMOTE",
      [
        `scenario ${name}: the kernel ${kernel} has no module ${lacking.join(", ")}; a lab of hosts with kernels of their own may have it:`,
        `xhost lab up real --kind uml --install`,
        `xhost scenario run ${file.startsWith("scenarios/") ? name : file} -i .xhost/lab/real/inventory.yml --host h1`,
      ].join("\n"),
      { host: host.name },
    );
  const wanted = isLocal ? [...loadable].filter((module) => module !== "openvswitch") : [];
  if (wanted.length > 0)
    throw new XhostError(
      "REMOTE",
      `scenario ${name}: the module ${wanted.join(", ")} is not loaded, and loading it changes this machine, not only the private namespace: load it yourself\nmodprobe ${wanted.join(" ")}`,
      { host: host.name },
    );
};
