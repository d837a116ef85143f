// Tunnels, and a fabric that does not carry them.
import { DEPLOY, type Case } from "./doctor-case.ts";

/** By vxlan alone. */
export const VXLAN: readonly Case[] = [
  {
    what: "the host itself drops what the tunnel sends",
    host: "h1",
    shell: "iptables -I OUTPUT -p udp -m udp --dport 4789 -j DROP",
    id: "rule-blocks",
    remedy: /^iptables -t filter -D OUTPUT /,
  },
  {
    what: "raw PREROUTING drops what the tunnel gets",
    host: "h1",
    shell: "iptables -t raw -I PREROUTING -p udp -m udp --dport 4789 -j DROP",
    id: "rule-blocks",
    remedy: /^iptables -t raw -D PREROUTING /,
  },
  { what: "the tunnel is down", host: "h1", shell: "ip link set $VX down", id: "link-down", remedy: DEPLOY },
  { what: "the tunnel is gone", host: "h2", shell: "ip link del $VX", id: "link-missing", remedy: DEPLOY },
  {
    what: "the tunnel has another local address",
    host: "h1",
    shell:
      "d=$(ip -j -d link show $VX); vni=$(echo $d | grep -oE '\"id\":[0-9]+' | cut -d: -f2); a=$(cat /sys/class/net/$VX/ifalias); m=$(cat /sys/class/net/$VX/address); ip link del $VX; ip link add $VX address $m type vxlan id $vni local 127.0.0.1 dstport 4789 nolearning noudpcsum; ip link set $VX alias $a mtu 1450 up",
    id: "link-wrong",
    remedy: DEPLOY,
  },
  {
    what: "the tunnel fills in checksums of its outer headers",
    host: "h2",
    shell:
      "vni=$(ip -j -d link show $VX | grep -oE '\"id\":[0-9]+' | cut -d: -f2); a=$(cat /sys/class/net/$VX/ifalias); m=$(cat /sys/class/net/$VX/address); ip link del $VX; ip link add $VX address $m type vxlan id $vni local $ME dstport 4789 nolearning udpcsum; ip link set $VX alias $a mtu 1450 up",
    id: "vxlan-offload",
    remedy: DEPLOY,
  },
  {
    what: "the FDB entry is gone",
    host: "h1",
    shell: "bridge fdb del $(bridge fdb show dev $VX | grep dst | cut -d' ' -f1) dev $VX",
    id: "fdb-missing",
    peer: "h2",
    remedy: DEPLOY,
  },
  {
    what: "the FDB entry leads elsewhere",
    host: "h2",
    shell:
      "bridge fdb replace $(bridge fdb show dev $VX | grep dst | cut -d' ' -f1) dev $VX dst 10.211.55.99 self permanent",
    id: "fdb-wrong",
    peer: "h1",
    remedy: DEPLOY,
  },
  {
    what: "the neighbour is gone",
    host: "h1",
    shell: "ip neigh del $PEER dev $VX",
    id: "neighbour-missing",
    peer: "h2",
    remedy: DEPLOY,
  },
  {
    what: "the neighbour has another Ethernet address",
    host: "h1",
    shell: "ip neigh replace $PEER lladdr 02:00:00:00:00:01 dev $VX nud permanent",
    id: "neighbour-wrong",
    peer: "h2",
    remedy: DEPLOY,
  },
  {
    what: "the tunnel's port is closed before our rules",
    host: "h1",
    shell: "iptables -I INPUT -p udp --dport 4789 -j DROP",
    id: "rules-order",
    remedy: DEPLOY,
    after: "iptables -D INPUT -p udp --dport 4789 -j DROP",
  },
];

/** By wireguard alone. */
export const WIREGUARD: readonly Case[] = [
  {
    what: "the peer is gone",
    host: "h1",
    shell: "wg set $WG peer $(wg show $WG peers) remove",
    id: "peer-missing",
    peer: "h2",
    remedy: DEPLOY,
  },
  {
    what: "the peer has another key",
    host: "h2",
    shell:
      "wg set $WG peer $(wg show $WG peers) remove; wg set $WG peer $(wg genkey | wg pubkey) endpoint $PEER:51820 allowed-ips $NET",
    id: "peer-wrong",
    peer: "h1",
    remedy: DEPLOY,
  },
  {
    what: "a peer of a host that is not in the inventory any more",
    host: "h2",
    shell: "wg set $WG peer $(wg genkey | wg pubkey) endpoint 10.211.55.99:51820 allowed-ips 172.30.255.0/24",
    id: "peer-stale",
    severity: "warning",
    remedy: DEPLOY,
  },
  {
    what: "somebody has set a preshared key on one host alone",
    host: "h1",
    shell:
      "k=$(wg show $WG peers); e=$(wg show $WG endpoints | cut -f2); wg genpsk >/tmp/psk; wg set $WG peer $k remove; wg set $WG peer $k preshared-key /tmp/psk endpoint $e allowed-ips $NET",
    id: "handshake-old",
    peer: "h2",
    remedy: /^wg set xh-\S+ peer (\S+) remove\nwg set xh-\S+ peer \1 endpoint 10\.211\.55\.12:51820 allowed-ips \S+$/,
    after: "rm /tmp/psk",
  },
  { what: "the tunnel is gone", host: "h1", shell: "pkill -x wireguard-go", id: "link-missing", remedy: DEPLOY },
];

const REPROBE = /^xhost deploy \S+ --reprobe$/;

/** With `plane: auto`: the remedy takes the next plane on the ladder, or less bytes. */
export const FABRIC: readonly Case[] = [
  {
    what: "the fabric drops foreign sources",
    host: "h1",
    shell: "true",
    before: {},
    faults: { drop: ["foreign-sources"] },
    id: "foreign-dropped",
    peer: "h2",
    remedy: REPROBE,
  },
  {
    what: "the fabric drops the tunnel's port, one way only",
    host: "h1",
    shell: "true",
    before: { drop: ["foreign-sources"] },
    faults: { drop: ["foreign-sources", "udp:4789@from-h2"] },
    id: "udp-dropped",
    at: "h2",
    peer: "h1",
    remedy: REPROBE,
  },
  {
    what: "the fabric carries less than it did",
    host: "h1",
    shell: "true",
    before: { drop: ["foreign-sources"] },
    faults: { drop: ["foreign-sources"], mtu: ["fabric=1400"] },
    id: "path-mtu",
    peer: "h2",
    remedy: REPROBE,
  },
  {
    what: "the cable of a host is pulled",
    host: "h1",
    shell: "true",
    before: {},
    faults: { down: ["h2"] },
    id: "ssh-unreachable",
    at: "h2",
    remedy: /^ssh -v /,
  },
];
