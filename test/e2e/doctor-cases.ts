// Ways to break a healthy lab of two hosts, h1 with Docker 20.10 and h2 with 28.5, and what `xhost doctor` has to say of each.
import type { DiagnosisId } from "../../src/doctor/ids.ts";
import type { Faults } from "../../src/lab/record.ts";
import type { Plane } from "../../src/inventory/inventory.ts";

/**
 * `shell` runs on the host with these variables: ME and PEER, the hosts' addresses; OWN and NET, their blocks; BR, VX, WG, CHAIN, what
 * xhost has made there; C the host's container, P its process, IP its address and THEIRS that of the other container.
 */
export type Case = {
  readonly what: string;
  readonly host: string;
  readonly shell: string;
  readonly id: DiagnosisId;
  /** Where the finding is; default: the host that was broken. */
  readonly at?: string;
  readonly peer?: string;
  readonly severity?: "warning";
  readonly remedy: RegExp;
  /** What the remedy leaves for the test to tidy up. */
  readonly after?: string;
  /** What the fabric does wrong instead; it stays so after the remedy. */
  readonly faults?: Partial<Faults>;
  /** What it did wrong already when the planes were chosen; default: nothing. */
  readonly before?: Partial<Faults>;
  /** Instead of the remedy: what the same is called on a lab host, which has no systemd. */
  readonly inLab?: string;
};

const DEPLOY = /^xhost deploy \S+$/;

/** Whatever the plane. */
const ANY: readonly Case[] = [
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
    what: "our jump in filter is gone",
    host: "h1",
    shell: "iptables -D DOCKER-USER 1",
    id: "rules-missing",
    remedy: DEPLOY,
  },
  {
    what: "our jump in raw is gone",
    host: "h2",
    shell: "iptables -t raw -D PREROUTING 1",
    id: "rules-missing",
    remedy: DEPLOY,
  },
  {
    what: "our chain in raw is flushed",
    host: "h2",
    shell: "iptables -t raw -F $CHAIN",
    id: "rules-missing",
    remedy: DEPLOY,
  },
  { what: "a rule of ours is gone", host: "h1", shell: "iptables -D $CHAIN 1", id: "rules-missing", remedy: DEPLOY },
  {
    what: "somebody's rule in our chain",
    host: "h1",
    shell: "iptables -A $CHAIN -s 192.0.2.0/24 -j ACCEPT",
    id: "rules-changed",
    remedy: DEPLOY,
  },
  {
    what: "DROP at the head of DOCKER-USER",
    host: "h1",
    shell: "iptables -I DOCKER-USER -j DROP",
    id: "rules-order",
    remedy: DEPLOY,
    after: "iptables -D DOCKER-USER -j DROP",
  },
  {
    what: "DROP at the head of raw PREROUTING",
    host: "h2",
    shell: "iptables -t raw -I PREROUTING -d $OWN -j DROP",
    id: "rules-order",
    remedy: DEPLOY,
    after: "iptables -t raw -D PREROUTING -d $OWN -j DROP",
  },
  {
    what: "MASQUERADE before ours",
    host: "h1",
    shell: "iptables -t nat -I POSTROUTING -s $OWN -j MASQUERADE",
    id: "rules-order",
    remedy: DEPLOY,
    after: "iptables -t nat -D POSTROUTING -s $OWN -j MASQUERADE",
  },
  {
    what: "FORWARD does not lead to DOCKER-USER",
    host: "h1",
    shell: "iptables -D FORWARD -j DOCKER-USER",
    id: "docker-user-unreached",
    remedy: /^iptables -I FORWARD 1 -j DOCKER-USER$/,
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
    what: "DROP in FORWARD before DOCKER-USER",
    host: "h1",
    shell: "iptables -I FORWARD 1 -s $NET -j DROP",
    id: "rule-blocks",
    remedy: /^iptables -t filter -D FORWARD -s 172\.30\.\d+\.0\/24 -j DROP$/,
  },
  {
    what: "DROP in raw PREROUTING of Docker 20.10",
    host: "h1",
    shell: "iptables -t raw -I PREROUTING -s $NET -j DROP",
    id: "rule-blocks",
    remedy: /^iptables -t raw -D PREROUTING /,
  },
  {
    what: "DROP in mangle FORWARD",
    host: "h2",
    shell: "iptables -t mangle -I FORWARD -d $OWN -j DROP",
    id: "rule-blocks",
    remedy: /^iptables -t mangle -D FORWARD /,
  },
  {
    what: "REJECT of the port of one check",
    host: "h2",
    shell: "iptables -I FORWARD 1 -p tcp -m tcp --dport 80 -d $OWN -j REJECT --reject-with tcp-reset",
    id: "rule-blocks",
    remedy: /^iptables -t filter -D FORWARD .*--dport 80 .*REJECT/,
  },
  {
    what: "a foreign nft table drops",
    host: "h2",
    shell:
      "nft add table inet guard; nft 'add chain inet guard watch { type filter hook forward priority -10; }'; nft add rule inet guard watch ip daddr $OWN drop",
    id: "rule-blocks",
    remedy: /^nft delete rule inet guard watch handle \d+$/,
    after: "nft delete table inet guard",
  },
  {
    what: "a rule of iptables-legacy beside nft",
    host: "h1",
    shell: "iptables-legacy -I FORWARD -d $OWN -j DROP",
    id: "rule-blocks",
    remedy: /^iptables-legacy -t filter -D FORWARD /,
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
    remedy: /^ip route del .*table 77$/,
    after: "ip rule del priority 100",
  },
  {
    what: "DROP inside of a container's namespace",
    host: "h1",
    shell: "nsenter -t $P -n iptables -A OUTPUT -d $NET -j DROP",
    id: "container-blocks",
    remedy: /^nsenter .*iptables -t filter -D OUTPUT /,
  },
  {
    what: "the bridge is down",
    host: "h2",
    shell: "ip link set $BR down",
    id: "bridge-down",
    remedy: /^ip link set dev xh-\S+ up$/,
  },
  {
    what: "the bridge has a small MTU",
    host: "h1",
    shell: "ip link set $BR mtu 1280",
    id: "bridge-mtu",
    remedy: /^ip link set dev xh-\S+ mtu 1\d+$/,
  },
  { what: "a container has ended", host: "h1", shell: "docker stop -t 1 $C", id: "container-down", remedy: DEPLOY },
  { what: "a container is gone", host: "h1", shell: "docker rm -f $C", id: "container-missing", remedy: DEPLOY },
  {
    what: "a container is paused",
    host: "h2",
    shell: "docker pause $C",
    id: "container-paused",
    remedy: /^docker unpause c2$/,
  },
  {
    what: "a container is detached from its network",
    host: "h1",
    shell: "docker network disconnect app $C",
    id: "container-detached",
    remedy: /^docker network connect app c1$/,
  },
  {
    what: "a container has no default route",
    host: "h1",
    shell: "nsenter -t $P -n ip route del default",
    id: "container-route",
    remedy: /^nsenter .*ip route replace default via 172\.30\.\d+\.1'$/,
  },
  {
    what: "a container's device is down",
    host: "h2",
    shell: "nsenter -t $P -n ip link set eth0 down",
    id: "container-interface",
    remedy: /^nsenter .*ip link set dev eth0 up && /,
  },
  {
    what: "a container has lost its address",
    host: "h2",
    shell: "nsenter -t $P -n ip address flush dev eth0",
    id: "container-address",
    remedy: /^nsenter .*ip address add 172\.30\.\d+\.2\/24 dev eth0 && /,
  },
  {
    what: "a container's cable is not in the bridge",
    host: "h1",
    shell: "ip link set $(ls /sys/class/net/$BR/brif) nomaster",
    id: "container-unplugged",
    remedy: /^ip link set dev veth\w+ master xh-/,
  },
  {
    what: "a container's cable is switched off",
    host: "h2",
    shell: "ip link set $(ls /sys/class/net/$BR/brif) down",
    id: "container-unplugged",
    remedy: /^ip link set dev veth\w+ up$/,
  },
  {
    what: "a container has a small MTU",
    host: "h2",
    shell: "nsenter -t $P -n ip link set eth0 mtu 1200",
    id: "container-mtu",
    remedy: /^nsenter .*ip link set dev eth0 mtu 1\d+'$/,
  },
  {
    what: "nobody listens at the port of a check",
    host: "h2",
    shell: "docker exec $C killall httpd",
    id: "nothing-listens",
    remedy: /^docker restart c2$/,
  },
  {
    what: "the network was made anew by hand, with another bridge",
    host: "h1",
    shell:
      "docker rm -f $C >/dev/null; label=$(docker network inspect -f '{{index .Labels \"io.xhost.project\"}}' app); docker network rm app; docker network create --subnet $OWN --label io.xhost.project=$label app",
    id: "network-wrong",
    remedy: DEPLOY,
  },
  {
    what: "somebody else's container has the name",
    host: "h2",
    shell: "docker rm -f $C >/dev/null; docker create --name $C xhost-lab:1",
    id: "name-taken",
    remedy: /^# rename yours; or, .*\ndocker rm c2$/,
    after: "true",
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
  {
    what: "Docker does not run",
    host: "h2",
    shell: "stop-docker",
    id: "docker-unreachable",
    remedy: /service docker start$/,
    inLab: "start-docker; until docker info >/dev/null 2>&1; do sleep 0.2; done",
  },
];

const ROUTE: readonly Case[] = [
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

const VXLAN: readonly Case[] = [
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

const WIREGUARD: readonly Case[] = [
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
  { what: "the tunnel is gone", host: "h1", shell: "pkill -x wireguard-go", id: "link-missing", remedy: DEPLOY },
];

const REPROBE = /^xhost deploy \S+ --reprobe$/;

/** With `plane: auto`: the remedy takes the next plane on the ladder, or less bytes. */
const FABRIC: readonly Case[] = [
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

/** By what the network's plane is. */
export const CASES: Readonly<Record<Exclude<Plane, "ipip"> | "auto", readonly Case[]>> = {
  route: [...ANY, ...ROUTE],
  vxlan: VXLAN,
  wireguard: WIREGUARD,
  auto: FABRIC,
};
