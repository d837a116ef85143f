import { lines, SECTION, sections } from "../observe/script.ts";
import type { Place } from "./guard.ts";

/** What a host has that a scenario could change, by kind, a line for each thing. */
export type HostState = ReadonlyMap<string, ReadonlySet<string>>;

/** Whose state it is about: the scenario's name, and the sysctls that it may change. */
export type About = { readonly name: string; readonly sysctls: readonly string[] };

/** Reads it. Counters, ages and numbers that the kernel counts up are left out, and chains that are empty: they stay once a table was looked at. */
export const stateOf = async (host: Place, { name, sysctls }: About): Promise<HostState> => {
  const script = [
    SECTION,
    `section namespace; ls /run/netns 2>/dev/null`,
    `section device; ls /sys/class/net`,
    `section address; ip -o -4 address | sed 's/^[0-9]*: //; s/ *valid_lft.*//'`,
    `section route; ip -4 route show table all`,
    `section rule; for v in iptables iptables-legacy; do command -v $v-save >/dev/null && $v-save 2>/dev/null | grep -E '^(-A|:[^ ]* (DROP|-))' | sed 's/ \\[.*//'; done | sort -u`,
    `section sysctl; for k in ${[...new Set(sysctls)].join(" ")}; do echo "$k = $(cat /proc/sys/$(echo $k | tr . /) 2>/dev/null)"; done`,
    `section forwarding; (cd /proc/sys/net/ipv4/conf && grep -H . */forwarding all/accept_redirects)`,
    `section module; ls /sys/module | grep -xE 'ipip|tunnel4|ip_tunnel|br_netfilter|openvswitch'`,
    `section switch; command -v ovs-vsctl >/dev/null && ovs-vsctl --timeout=5 list-br 2>/dev/null`,
    `section process; ps -eo args= 2>/dev/null | grep -E '[t]untap.pl|[t]cpdump -i|[o]vs-vswitchd|[o]vsdb-server' | cut -c 1-100`,
    `section file; ls -d /run/xhost/scenario/*/ 2>/dev/null | grep -v '/${name}/$'`,
    `:`,
  ].join("\n");
  const all = sections(await host.run(script, "read the host's state"));
  return new Map([...all].map(([kind, text]) => [kind, new Set(lines(text).map((line) => line.trim()))]));
};

/** `device br1 is left`, `route ... is gone`; empty where both are the same. */
export const differences = (before: HostState, after: HostState): readonly string[] =>
  [...before].flatMap(([kind, had]) => {
    const has = after.get(kind) ?? new Set();
    const left = [...has].filter((line) => !had.has(line));
    const gone = [...had].filter((line) => !has.has(line));
    return [...left.map((line) => `${kind} ${line} is left`), ...gone.map((line) => `${kind} ${line} is gone`)];
  });
