import type { Host } from "../ssh/host.ts";
import { lines, sections } from "./script.ts";

/** What around the network may do harm on a host: limits, and programs that think the network is theirs. */
export type Health = {
  /** Seconds by which the host's clock is ahead of the controller's, and by how much that may be wrong. */
  readonly clock: { readonly ahead: number; readonly error: number };
  /** Entries of the connection table and how many it takes; undefined where the kernel has none. */
  readonly conntrack: { readonly count: number; readonly max: number } | undefined;
  /** IPv4 neighbours that count, and gc_thresh3, the most that the kernel keeps (arp(7)). */
  readonly neighbours: { readonly count: number; readonly max: number };
  /** Devices that a running systemd-networkd configures, and whether it takes away routes that are not its own; undefined where it does not run. */
  readonly networkd: { readonly devices: readonly string[]; readonly managesForeignRoutes: boolean } | undefined;
  /** Devices that a running NetworkManager manages. */
  readonly networkManager: readonly string[];
  readonly ufw: boolean;
  readonly firewalld: boolean;
};

/** Runs as root, changes nothing; what is not there says nothing. */
export const HEALTH_SCRIPT = [
  `section() { printf '\\036%s\\n' "$1"; }`,
  `section clock; date +%s.%N`,
  `section conntrack; cat /proc/sys/net/netfilter/nf_conntrack_count /proc/sys/net/netfilter/nf_conntrack_max 2>/dev/null`,
  // Permanent entries, and those of devices that do not ask (NOARP), are not counted (neigh_alloc, net/core/neighbour.c).
  `section neighbours; ip -4 neigh show nud all | grep -cvE 'PERMANENT|NOARP'; cat /proc/sys/net/ipv4/neigh/default/gc_thresh3`,
  // The folder is there where systemd is the init (sd_booted(3)).
  `running() { test -d /run/systemd/system && systemctl -q is-active "$1" 2>/dev/null; }`,
  `section networkd; if running systemd-networkd; then`,
  // The last one wins; files of one name in /etc stand before those in /run and /usr (networkd.conf(5)).
  `  echo "foreign $(for f in /etc/systemd/networkd.conf $(ls /usr/lib/systemd/networkd.conf.d/*.conf /run/systemd/networkd.conf.d/*.conf /etc/systemd/networkd.conf.d/*.conf 2>/dev/null); do sed -n 's/^ManageForeignRoutes *= *//p' "$f" 2>/dev/null; done | tail -n 1)"`,
  `  networkctl --no-legend list 2>/dev/null | while read -r _ name _ _ setup; do test "$setup" = configured && echo "device $name"; done; fi`,
  `section manager; running NetworkManager && nmcli -t -f DEVICE,STATE device 2>/dev/null`,
  // `ufw enable` writes it there (ufw(8)); `ufw status` is a Python program that reads all rules for the same answer.
  `section ufw; command -v ufw >/dev/null 2>&1 && grep -qi '^ENABLED=.*yes' /etc/ufw/ufw.conf 2>/dev/null && echo active`,
  // Where systemd is not the init, a process of that name: `firewall-cmd --state` is a Python program too.
  `section firewalld; { running firewalld || { test ! -d /run/systemd/system && pgrep -x firewalld >/dev/null 2>&1; }; } && echo active`,
  `true`,
].join("\n");

/** Looks at what is around the network; one exec, which also tells how far apart the clocks are. */
export const observeHealth = async (host: Host): Promise<Health> => {
  const sent = Date.now() / 1000;
  const output = await host.run(HEALTH_SCRIPT, "look at what is around the network");
  return parseHealth(output, { sent, got: Date.now() / 1000 });
};

/** The script's output; `sent` and `got` are by the controller's clock, in seconds: the host's was read in between. Pure. */
export const parseHealth = (output: string, { sent, got }: { readonly sent: number; readonly got: number }): Health => {
  const all = sections(output);
  const part = (name: string): readonly string[] => lines(all.get(name) ?? "");
  const [count, max] = part("conntrack").map(Number);
  const [neighbours = 0, most = 0] = part("neighbours").map(Number);
  const networkd = part("networkd");
  return {
    clock: clockOf(part("clock")[0], { sent, got }),
    conntrack: count === undefined || max === undefined ? undefined : { count, max },
    neighbours: { count: neighbours, max: most },
    networkd:
      networkd.length === 0
        ? undefined
        : {
            devices: networkd.flatMap((line) => (line.startsWith("device ") ? [line.slice(7)] : [])),
            managesForeignRoutes: !networkd.some((line) => /^foreign (no|false|off|0)$/i.test(line)),
          },
    networkManager: part("manager").flatMap(managedDevice),
    ufw: part("ufw").includes("active"),
    firewalld: part("firewalld").includes("active"),
  };
};

/** A line `DEVICE:STATE`, with colons in the name behind a backslash (nmcli(1), --terse). What somebody else has set up is only watched. */
const managedDevice = (line: string): string[] => {
  const [, device = "", state = ""] = /^(.*):([^:]*)$/.exec(line) ?? [];
  return device === "" || ["unmanaged", "connected (externally)"].includes(state)
    ? []
    : [device.replace(/\\(.)/g, "$1")];
};

/** The host's time lies between the two; busybox has no nanoseconds and prints `%N` or nothing. */
const clockOf = (text: string | undefined, { sent, got }: { sent: number; got: number }): Health["clock"] => {
  const [seconds = "", fraction = ""] = (text ?? "").split(".");
  const isFine = /^\d+$/.test(fraction);
  const time = Number(isFine ? `${seconds}.${fraction}` : seconds) + (isFine ? 0 : 0.5);
  return { ahead: time - (sent + got) / 2, error: (got - sent) / 2 + (isFine ? 0 : 0.5) };
};
