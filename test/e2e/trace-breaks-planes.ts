// What breaks a way by one plane alone, and what trace names for it.
import { rule, type Break } from "./trace-break.ts";

export const BY_PLANE: Readonly<Record<"route" | "vxlan" | "wireguard", readonly Break[]>> = {
  route: [
    {
      title: "a fabric that drops addresses it has not given out",
      faults: { drop: ["foreign-sources"] },
      blamed: ["h1", "network", "the network between h1 and h2"],
      unseen: "nothing",
      last: "eth0",
    },
    {
      title: "no forwarding at the destination of what comes from the network",
      on: "h2",
      breaking: "sysctl -qw net.ipv4.conf.eth0.forwarding=0",
      undoing: "sysctl -qw net.ipv4.conf.eth0.forwarding=1",
      blamed: ["h2", "forwarding", "net.ipv4.conf.eth0.forwarding = 0"],
      last: "eth0",
    },
    {
      title: "a strict filter of the way back, which another device has",
      on: "h2",
      breaking: "ip route add C1 dev docker0; sysctl -qw net.ipv4.conf.eth0.rp_filter=1",
      undoing: "ip route del C1 dev docker0; sysctl -qw net.ipv4.conf.eth0.rp_filter=0",
      blamed: ["h2", "rp_filter", "net.ipv4.conf.eth0.rp_filter = 1"],
      last: "eth0",
      heals: false,
    },
  ],
  vxlan: [
    {
      title: "a fabric that drops the tunnel's packets",
      faults: { drop: ["udp:4789"] },
      blamed: ["h1", "network", "the network between h1 and h2"],
      unseen: "nothing",
      last: "eth0",
    },
    {
      title: "a drop of the tunnel's packets in INPUT of the destination",
      on: "h2",
      ...rule("INPUT", "-p udp -m udp --dport 4789 -j DROP"),
      blamed: ["h2", "filter INPUT", "iptables -t filter INPUT rule 1: -p udp -m udp --dport 4789 -j DROP"],
      last: "eth0",
    },
    {
      title: "a drop of the tunnel's packets in OUTPUT of the source",
      on: "h1",
      ...rule("OUTPUT", "-p udp -m udp --dport 4789 -j DROP"),
      blamed: ["h1", "filter OUTPUT", "iptables -t filter OUTPUT rule 1: -p udp -m udp --dport 4789 -j DROP"],
      last: "xh-ep-trc-vxlan",
    },
    {
      title: "no route for the tunnel's packets at the source",
      on: "h1",
      breaking: "ip route add unreachable 10.211.55.12",
      undoing: "ip route del unreachable 10.211.55.12 2>/dev/null || true",
      blamed: ["h1", "route", "route: unreachable 10.211.55.12"],
      last: "xh-ep-trc-vxlan",
    },
    {
      title: "no forwarding entry for the other host",
      on: "h1",
      breaking: "bridge fdb del 0e:88:0a:d3:37:0c dev TUNNEL dst 10.211.55.12",
      undoing: "bridge fdb append 0e:88:0a:d3:37:0c dev TUNNEL dst 10.211.55.12 self permanent",
      blamed: ["h1", "fdb", "fdb on xh-ep-trc-vxlan: 0e:88:0a:d3:37:0c dst none"],
      last: "xh-ep-trc-vxlan",
      heals: false,
    },
  ],
  wireguard: [
    {
      title: "a fabric that drops what is encrypted",
      faults: { drop: ["udp:51820"] },
      blamed: ["h1", "network", "the network between h1 and h2"],
      unseen: "nothing",
      last: "eth0",
    },
    {
      title: "a drop of what is encrypted in INPUT of the destination",
      on: "h2",
      ...rule("INPUT", "-p udp -m udp --dport 51820 -j DROP"),
      blamed: ["h2", "filter INPUT", "iptables -t filter INPUT rule 1: -p udp -m udp --dport 51820 -j DROP"],
      last: "eth0",
    },
    {
      title: "a peer without the networks behind it",
      on: "h1",
      breaking: "wg set xh-ep-trc-wg peer $(wg show xh-ep-trc-wg peers) allowed-ips 10.9.9.0/24",
      undoing: "wg set xh-ep-trc-wg peer $(wg show xh-ep-trc-wg peers) allowed-ips NET2",
      blamed: ["h1", "peer", "peer on xh-ep-trc-wg: none"],
      last: "xh-ep-trc-wg",
      heals: false,
    },
  ],
};
