// Kernel settings, routes, addresses and devices of the hosts.
import { DEPLOY, type Case } from "./doctor-case.ts";

/** Whatever the plane. */
export const KERNEL: readonly Case[] = [
  {
    what: "forwarding is switched off",
    host: "h1",
    shell: "sysctl -qw net.ipv4.ip_forward=0",
    id: "ip-forward",
    remedy: DEPLOY,
  },
  {
    what: "the bridge does not forward",
    host: "h2",
    shell: "echo 0 >/proc/sys/net/ipv4/conf/$BR/forwarding",
    id: "interface-forwarding",
    remedy: /^echo 1 > \/proc\/sys\/net\/ipv4\/conf\/xh-\S+\/forwarding$/,
  },
  {
    what: "the route is gone",
    host: "h1",
    shell: "ip route del $NET",
    id: "route-missing",
    peer: "h2",
    remedy: DEPLOY,
  },
  {
    what: "a more specific route of somebody else",
    host: "h1",
    shell: "ip route add blackhole ${THEIRS}/32",
    id: "route-foreign",
    peer: "h2",
    remedy: /^# choose another pool; or, .*\nip route del 172\.30\.\d+\.2\/32$/,
  },
  {
    what: "a Docker network with addresses of the fabric",
    host: "h1",
    shell: "docker network create --subnet ${NET%/*}/26 rival",
    id: "overlap",
    peer: "h2",
    remedy: /^# choose another pool; or, .*\ndocker network rm rival$/,
  },
  {
    what: "an address of the fabric on another device",
    host: "h1",
    shell:
      "ip link add other type veth peer name rehto; ip link set rehto up; ip link set other up; ip address add ${NET%.*}.77/24 dev other",
    id: "overlap",
    peer: "h2",
    remedy: /^# choose another pool; or, .*\nip address del 172\.30\.\d+\.77\/24 dev other$/,
    after: "ip link del other",
  },
  {
    what: "a policy rule prohibits",
    host: "h1",
    shell: "ip rule add from $OWN to $NET priority 100 prohibit",
    id: "policy-rule",
    remedy: /^ip rule del priority 100 from \S+ to \S+ prohibit$/,
  },
  {
    what: "a policy rule leads to another table",
    host: "h2",
    shell: "ip route add blackhole default table 77; ip rule add to $NET lookup 77 priority 100",
    id: "policy-rule",
    remedy: /^ip rule del priority 100 from all to \S+ lookup 77$/,
    after: "ip route flush table 77",
  },
  {
    what: "a wrong permanent neighbour entry for the other host",
    host: "h1",
    shell: "ip neigh replace $PEER lladdr 02:00:00:00:00:01 dev eth0 nud permanent",
    id: "neighbour-wrong",
    peer: "h2",
    remedy: /^ip neigh del 10\.211\.55\.12 dev eth0$/,
  },
  {
    what: "the NIC has a smaller MTU than when it was measured",
    host: "h1",
    shell: "ip link set eth0 mtu 1400",
    id: "underlay-mtu",
    remedy: /^ip link set dev eth0 mtu 1500$/,
  },
];

/** By plain routes alone. */
export const ROUTE: readonly Case[] = [
  {
    what: "a host drops pings to itself",
    host: "h2",
    shell: "iptables -A INPUT -p icmp --icmp-type echo-request -s $PEER -j DROP",
    id: "underlay-ping",
    peer: "h1",
    severity: "warning",
    remedy:
      /^iptables -t filter -I INPUT \d+ -s 10\.211\.55\.11 -d 10\.211\.55\.12 -p icmp --icmp-type echo-request -j ACCEPT$/,
    after:
      "iptables -D INPUT -p icmp --icmp-type echo-request -s $PEER -j DROP; iptables -S INPUT | sed -n 's/^-A \\(.*--icmp-type 8 -j ACCEPT\\)$/iptables -D \\1/p' | sh",
  },
  {
    what: "the NIC does not forward",
    host: "h1",
    shell: "echo 0 >/proc/sys/net/ipv4/conf/eth0/forwarding",
    id: "interface-forwarding",
    remedy: /^echo 1 > \/proc\/sys\/net\/ipv4\/conf\/eth0\/forwarding$/,
  },
  {
    what: "a wrong next hop",
    host: "h1",
    shell: "ip route replace $(ip route show $NET | sed 's/via [^ ]*/via 10.211.55.99/')",
    id: "route-wrong",
    peer: "h2",
    remedy: DEPLOY,
  },
];
