// What somebody does by hand to what xhost has made, on h1 with Docker 20.10 and h2 with 28.5, and how a plan calls it.

/** `shell` runs on the host, with the variables of drift.e2e.ts. */
export type Broken = {
  readonly what: string;
  readonly host: "h1" | "h2";
  readonly shell: string;
  /** Begins the line of plan and status that is about it, behind its sign. */
  readonly told: string;
  readonly sign: "+" | "~" | "±" | "-";
};

/** Independent of each other: they are done together, found one by one, and mended by one deploy. */
export type Round = { readonly title: string; readonly breaks: readonly Broken[] };

const RULES: Round = {
  title: "rules",
  breaks: [
    {
      what: "our jump in filter stands below Docker's RETURN",
      host: "h1",
      shell: `r="$(iptables -S DOCKER-USER | sed -n 's/^-A \\(.*XHOST.*\\)/\\1/p')"; eval "iptables -D $r"; eval "iptables -A $r"`,
      told: "jump to XHOST-xdr in filter: a foreign rule stands before it: -j RETURN",
      sign: "~",
    },
    {
      what: "our jump in nat stands below Docker's MASQUERADE",
      host: "h1",
      shell: `r="$(iptables -t nat -S POSTROUTING | sed -n 's/^-A \\(.*XHOST.*\\)/\\1/p')"; eval "iptables -t nat -D $r"; eval "iptables -t nat -A $r"`,
      told: "jump to XHOST-xdr in nat: a foreign rule stands before it: -s 172.",
      sign: "~",
    },
    {
      what: "our jump in INPUT is deleted",
      host: "h1",
      shell: `eval "iptables -D $(iptables -S INPUT | sed -n 's/^-A \\(.*XHOST.*\\)/\\1/p')"`,
      told: "jump to XHOST-xdr.i in filter: at the head of INPUT",
      sign: "+",
    },
    {
      what: "one of our rules is deleted",
      host: "h2",
      shell: "iptables -D XHOST-xdr 1",
      told: "chain XHOST-xdr in filter: +1 -0 rules",
      sign: "~",
    },
    {
      what: "one of our rules is edited",
      host: "h2",
      shell: `eval "iptables -t nat -R XHOST-xdr 1 $(iptables -t nat -S XHOST-xdr | sed -n '2s/^-A XHOST-xdr \\(.*\\) -j ACCEPT/\\1/p') -j RETURN"`,
      told: "chain XHOST-xdr in nat: +1 -1 rules",
      sign: "~",
    },
    {
      what: "our chain in raw is flushed",
      host: "h2",
      shell: "iptables -t raw -F XHOST-xdr",
      told: "chain XHOST-xdr in raw: +",
      sign: "~",
    },
    {
      what: "our jump in raw stands below Docker's DROP",
      host: "h2",
      shell: `r="$(iptables -t raw -S PREROUTING | sed -n 's/^-A \\(.*XHOST.*\\)/\\1/p')"; eval "iptables -t raw -D $r"; eval "iptables -t raw -A $r"`,
      told: "jump to XHOST-xdr in raw: a foreign rule stands before it: -d 172.",
      sign: "~",
    },
  ],
};

const WAYS: Round = {
  title: "routes, entries and settings",
  breaks: [
    { what: "a route is deleted", host: "h1", shell: "ip route del $APP", told: "route $APP: via", sign: "+" },
    {
      what: "a route of ours leads to another next hop",
      host: "h2",
      shell: "ip route replace $(ip route show $APP proto 88 | sed 's/via [^ ]*/via 10.211.55.99/') proto 88",
      told: "route $APP: via 10.211.55.99 -> 10.211.55.11",
      sign: "~",
    },
    {
      what: "an FDB entry is deleted",
      host: "h1",
      shell: "bridge fdb del $(bridge fdb show dev xh-xdr-vxlan | sed -n 's/ dst.*//p') dev xh-xdr-vxlan self",
      told: "FDB entry 0e:88:0a:d3:37:0c: to 10.211.55.12 on xh-xdr-vxlan",
      sign: "+",
    },
    {
      what: "a neighbour has another Ethernet address",
      host: "h2",
      shell: "ip neigh replace 10.211.55.11 lladdr 02:00:00:00:00:01 dev xh-xdr-vxlan nud permanent",
      told: "neighbour 10.211.55.11: mac 02:00:00:00:00:01 -> ",
      sign: "~",
    },
    {
      what: "the link has another MTU",
      host: "h1",
      shell: "ip link set xh-xdr-vxlan mtu 1300",
      told: "link xh-xdr-vxlan: mtu 1300 -> 1450",
      sign: "~",
    },
    {
      what: "the wireguard peer is removed",
      host: "h1",
      shell: "wg set xh-xdr-wg peer $(wg show xh-xdr-wg peers) remove",
      told: "peer ",
      sign: "+",
    },
    {
      what: "forwarding is switched off",
      host: "h2",
      shell: "echo 0 > /proc/sys/net/ipv4/ip_forward",
      told: "sysctl net.ipv4.ip_forward: value 0 -> 1",
      sign: "~",
    },
  ],
};

const DEVICES: Round = {
  title: "devices",
  breaks: [
    {
      what: "the link is deleted",
      host: "h1",
      shell: "ip link del xh-xdr-vxlan",
      told: "link xh-xdr-vxlan: vxlan, MTU 1450",
      sign: "+",
    },
    {
      what: "the link is down",
      host: "h2",
      shell: "ip link set xh-xdr-vxlan down",
      told: "link xh-xdr-vxlan: up false -> true",
      sign: "~",
    },
    {
      what: "the process of the wireguard link has ended",
      host: "h2",
      shell: "kill $(pgrep -x wireguard-go); while ip link show xh-xdr-wg >/dev/null 2>&1; do sleep 0.1; done",
      told: "link xh-xdr-wg: wireguard",
      sign: "+",
    },
    {
      what: "the bridge of a network is down",
      host: "h1",
      shell: "ip link set xh-xdr-app down",
      told: "network app: its bridge xh-xdr-app is down",
      sign: "~",
    },
    {
      what: "the bridge of a network is without its address",
      host: "h1",
      shell: "ip address flush dev xh-xdr-third",
      told: "network third: its bridge xh-xdr-third is without its address",
      sign: "~",
    },
    {
      what: "the bridge of a network is gone",
      host: "h2",
      shell: "ip link del xh-xdr-app",
      told: "network app: its bridge xh-xdr-app is gone",
      sign: "±",
    },
  ],
};

const CONTAINERS: Round = {
  title: "containers",
  breaks: [
    {
      what: "a container is stopped",
      host: "h1",
      shell: "docker stop -t 1 c1",
      told: "container c1: not running: started",
      sign: "~",
    },
    {
      what: "a container is paused",
      host: "h2",
      shell: "docker pause c2",
      told: "container c2: paused: unpaused",
      sign: "~",
    },
    {
      what: "a container is renamed",
      host: "h1",
      shell: "docker rename v1 mine",
      told: "container v1: stands there as mine: renamed back",
      sign: "~",
    },
    {
      what: "a container is removed",
      host: "h2",
      shell: "docker rm -f v2",
      told: "container v2: xhost-lab:1 on network second",
      sign: "+",
    },
    {
      what: "a container is replaced by one with our label and other settings",
      host: "h1",
      shell:
        "docker rm -f w1; docker run -d --name w1 --network third --label io.xhost.project=xdr xhost-lab:1 sh -c 'trap exit TERM; sleep 9999 & wait'",
      told: "container w1: command, ",
      sign: "±",
    },
    {
      what: "a container is disconnected from its network",
      host: "h2",
      shell: "docker network disconnect third w2",
      told: "container w2: not on network third: connected",
      sign: "~",
    },
  ],
};

const RECREATE = "--label io.xhost.project=xdr -o com.docker.network.bridge.name";

const NETWORKS: Round = {
  title: "networks",
  breaks: [
    {
      what: "a network is made anew with another subnet, and the container is in it",
      host: "h1",
      shell: `docker network disconnect app c1; docker network rm app; docker network create --subnet 10.66.1.0/24 ${RECREATE}=xh-xdr-app app; docker network connect app c1`,
      told: "network app: subnet 10.66.1.0/24 -> 172.30.",
      sign: "±",
    },
    {
      what: "a network is made anew with another subnet, and the container is in none",
      host: "h2",
      shell: `docker network disconnect second v2; docker network rm second; docker network create --subnet 10.66.2.0/24 ${RECREATE}=xh-xdr-second second`,
      told: "network second: subnet 10.66.2.0/24 -> 172.31.",
      sign: "±",
    },
    {
      what: "whose container is told too",
      host: "h2",
      shell: "true",
      told: "container v2: not on network second: connected",
      sign: "~",
    },
    {
      what: "a network is made anew as it was while its container is stopped",
      host: "h1",
      shell: `s=$(docker network inspect -f '{{(index .IPAM.Config 0).Subnet}}' third); docker stop -t 1 w1; docker network rm third; docker network create --subnet $s --gateway \${s%.0/24}.1 ${RECREATE}=xh-xdr-third -o com.docker.network.driver.mtu=1440 third`,
      told: "container w1: not running: started, not on network third: connected",
      sign: "~",
    },
    {
      what: "a network is removed",
      host: "h2",
      shell: "docker network disconnect third w2; docker network rm third",
      told: "network third: 172.29.",
      sign: "+",
    },
  ],
};

export const ROUNDS: readonly Round[] = [RULES, WAYS, DEVICES, CONTAINERS, NETWORKS];
